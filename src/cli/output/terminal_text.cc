// SPDX-License-Identifier: Apache-2.0
#include "cli/output/terminal_text.h"

#include "cli/output/json_text.h"
#include "codec/utf8.h"

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr std::size_t line_bytes = 60;  ///< of a payload beside its topic
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view topic_color = "\x1b[36m";
constexpr std::string_view flag_color = "\x1b[33m";
constexpr std::string_view plain = "\x1b[0m";

void append_escape(unsigned char byte, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (byte == '\n')
    out += "\\n";
  else if (byte == '\r')
    out += "\\r";
  else if (byte == '\t')
    out += "\\t";
  else {
    out += "\\x";
    out += digits[byte >> 4];
    out += digits[byte & 0x0FU];
  }
}

/// C0 and C1 controls, and DEL. C1 are U+0080 to U+009F: C2 80 to C2 9F.
bool is_control(std::string_view rest) {
  const auto byte = static_cast<unsigned char>(rest[0]);
  if (byte < 0x20 || byte == 0x7F) return true;
  return byte == 0xC2 && rest.size() > 1 && static_cast<unsigned char>(rest[1]) < 0xA0;
}

void append_colored(std::string_view color, std::string_view text, Colors colors,
                    std::string& out) {
  if (colors == Colors::on) out += color;
  out += text;
  if (colors == Colors::on) out += plain;
}

/// Two blanks for each tab in front of a line, one for a tab behind a name.
void append_json_lines(std::string_view text, std::string& out) {
  std::string laid_out;
  append_laid_out(text, JsonLayout::pretty, laid_out);
  std::string_view rest = laid_out;
  while (!rest.empty()) {
    const std::size_t depth = std::min(rest.find_first_not_of('\t'), rest.size());
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string line(rest.substr(depth, end - depth));
    std::ranges::replace(line, '\t', ' ');
    out.append(2 * depth, ' ');
    append_printable(line, out);
    if (end < rest.size()) out += '\n';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

/// JSON with parts that a line would not show well.
bool is_long_json(std::string_view text) {
  const bool has_parts = text.starts_with('{') || text.starts_with('[');
  return has_parts && text.size() > line_bytes && is_json(text);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  append_printable(text, out);
  return out;
}

void append_printable(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t valid = codec::find_invalid_utf8(text);
    for (std::size_t at = 0; at < valid; ++at) {
      if (!is_control(text.substr(at, valid - at))) {
        out += text[at];
        continue;
      }
      const bool is_long = static_cast<unsigned char>(text[at]) == 0xC2;
      append_escape(static_cast<unsigned char>(text[at]), out);
      if (is_long) append_escape(static_cast<unsigned char>(text[++at]), out);
    }
    text.remove_prefix(valid);
    if (text.empty()) return;
    append_escape(static_cast<unsigned char>(text[0]), out);
    text.remove_prefix(1);
  }
}

void append_terminal_line(const ShownMessage& message, Colors colors, std::string& out) {
  const codec::Publish& publish = message.publish;
  append_colored(dim, short_time_text(message.time), colors, out);
  out += ' ';
  std::string topic;
  append_printable(publish.topic, topic);
  append_colored(topic_color, topic, colors, out);
  const std::string flags = "  q" + std::to_string(static_cast<unsigned>(publish.qos)) +
                            (publish.retain ? " R" : "  ") + "  ";
  append_colored(publish.retain ? flag_color : dim, flags, colors, out);
  const std::string_view payload = as_text(publish.payload);
  if (!is_long_json(payload)) return append_printable(payload, out);
  out += '\n';
  append_json_lines(payload, out);
}

}  // namespace sluice::cli
