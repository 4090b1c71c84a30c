// SPDX-License-Identifier: Apache-2.0
#include "cli/pages/man_page.h"

#include "base/assert.h"
#include "cli/exit_code.h"
#include "cli/pages/flag_text.h"
#include "cli/version.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sluice::cli {
namespace {

/// The character that begins the text, of `size` bytes. REQUIRES: UTF-8, not ASCII.
std::uint32_t first_character(std::string_view text, std::size_t& size) {
  const auto lead = static_cast<unsigned char>(text[0]);
  size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  std::uint32_t character = lead & (0xFFU >> (size + 1));
  for (std::size_t at = 1; at < size; ++at) {
    character = character << 6 | (static_cast<unsigned char>(text[at]) & 0x3FU);
  }
  return character;
}

/// Text as roff takes it: ASCII, no escape, no request at the beginning of a line.
std::string roff(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) >= 0x80) {
      std::size_t size = 0;
      std::array<char, 16> name{};
      std::snprintf(name.data(), name.size(), "\\[u%04X]", first_character(text.substr(at), size));
      out += name.data();
      at += size - 1;
      continue;
    }
    const bool is_line_begin = out.empty() || out.back() == '\n';
    if (is_line_begin && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return out;
}

std::string header(std::string_view name, std::string_view sentence) {
  return ".TH " + upper(name) + " 1 \"\" \"" + version_line() + "\" \"Sluice\"\n.SH NAME\n" +
         roff(name) + " \\- " + roff(sentence) + "\n";
}

std::string flag_entry(const Flag& flag) {
  return ".TP\n.B " + roff(flag_spellings(flag)) + "\n" + roff(flag.sentence) + ".\n";
}

constexpr std::string_view exit_codes =
    ".SH EXIT STATUS\n"
    "0: done. 1: failed. 2: wrong command line. 3: no broker could be reached. 4: the broker\n"
    "refused the connection. 5: the broker rejected a message or a subscription. 27: timed out.\n"
    "130: interrupted with work left. Called by the names of mosquitto's programs it uses their\n"
    "codes.\n";

constexpr std::string_view environment =
    ".SH ENVIRONMENT\n"
    ".TP\n.B SLUICE_URL\nThe broker, where the command line names none.\n"
    ".TP\n.B SLUICE_CONTEXT\nThe context to use, where neither does; see "
    "\\fBsluice\\-context\\fP(1).\n"
    ".TP\n.B SLUICE_PASSWORD\nThe password, where a user name is given without one.\n"
    ".TP\n.B NO_COLOR, CLICOLOR_FORCE\nNo colours; colours even in a pipe.\n";

}  // namespace

std::string man_page(const Command& command) {
  SLUICE_ASSERT(command.flags != nullptr);
  const FlagTable& table = *command.flags();
  const std::string name = "sluice " + std::string(command.name);
  std::string out = header("sluice-" + std::string(command.name), table.sentence);
  out += ".SH SYNOPSIS\n";
  for (const std::string_view usage : table.usage) {
    out += ".B " + roff(name) + "\n" + roff(usage) + "\n.br\n";
  }
  if (!table.verbs.empty()) {
    out += ".SH COMMANDS\n";
    for (const Verb& verb : table.verbs) {
      out += ".TP\n.B " + roff(verb.name) + "\n" + roff(verb.sentence) + ".\n";
    }
  }
  for (const FlagGroup& group : table.groups) {
    out += ".SH " + upper(group.title) + "\n";
    for (const Flag& flag : group.flags) out += flag_entry(flag);
  }
  if (!table.notes.empty()) {
    out += ".SH NOTES\n.nf\n" + roff(table.notes) + ".fi\n";
  }
  return out.append(exit_codes).append(environment).append(".SH SEE ALSO\n\\fBsluice\\fP(1)\n");
}

std::string overview_man_page(std::span<const Command> commands) {
  std::string out = header("sluice", "an MQTT broker and the tools around it");
  out += ".SH SYNOPSIS\n.B sluice\nCOMMAND [flags]\n.br\n.B sluice\nhelp [COMMAND]\n.SH COMMANDS\n";
  for (const Command& command : commands) {
    out += ".TP\n";
    if (command.flags != nullptr)
      out += ".BR sluice\\-" + roff(command.name) + " (1)\n";
    else
      out += ".B sluice " + roff(command.name) + "\n";
    out += roff(command.sentence) + ".\n";
  }
  out +=
      ".SH BROKER\n"
      "Commands that connect to a broker take it from a URL in front\n"
      "(mqtt://user:password@host:port/topic, unix:///path), from \\-h and \\-p, from SLUICE_URL,\n"
      "from a context, and else assume localhost:1883.\n";
  return out.append(exit_codes).append(environment);
}

}  // namespace sluice::cli
