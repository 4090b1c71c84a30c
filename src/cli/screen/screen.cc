// SPDX-License-Identifier: Apache-2.0
#include "cli/screen/screen.h"

#include "base/bytes.h"
#include "os/process/standard_streams.h"

#include <algorithm>

namespace sluice::cli {
namespace {

void write(std::string_view text) { static_cast<void>(!os::write_output(as_bytes(text))); }

struct Sequence {
  std::string_view bytes;
  Key key;
};
constexpr Sequence sequences[] = {
    {"\x1b[A", Key::up},         {"\x1bOA", Key::up},    {"\x1b[B", Key::down},
    {"\x1bOB", Key::down},       {"\x1b[C", Key::right}, {"\x1bOC", Key::right},
    {"\x1b[D", Key::left},       {"\x1bOD", Key::left},  {"\x1b[5~", Key::page_up},
    {"\x1b[6~", Key::page_down}, {"\x1b[H", Key::home},  {"\x1b[1~", Key::home},
    {"\x1b[F", Key::end},        {"\x1b[4~", Key::end},  {"\r", Key::enter},
    {"\n", Key::enter},
};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }

}  // namespace

std::vector<KeyPress> keys_of(std::string_view bytes) {
  std::vector<KeyPress> keys;
  while (!bytes.empty()) {
    const auto found = std::ranges::find_if(
        sequences, [bytes](const Sequence& one) { return bytes.starts_with(one.bytes); });
    if (found != std::end(sequences)) {
      keys.push_back({.key = found->key});
      bytes.remove_prefix(found->bytes.size());
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (c >= ' ' && c < 0x7F) keys.push_back({.key = Key::text, .character = c});
  }
  return keys;
}

std::string fitted(std::string_view text, std::size_t columns) {
  std::size_t count = 0;
  for (const char c : text) count += is_continuation(c) ? 0 : 1;
  std::string out(text);
  if (count <= columns) return out + std::string(columns - count, ' ');
  if (columns == 0) return {};
  std::size_t at = 0;
  for (std::size_t seen = 0; at < text.size(); ++at) {
    if (is_continuation(text[at])) continue;
    if (seen++ == columns - 1) break;
  }
  return out.substr(0, at) + "…";
}

std::string bars(const std::vector<double>& values) {
  constexpr std::string_view levels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty()) return {};
  const auto [low, high] = std::ranges::minmax(values);
  std::string out;
  for (const double value : values) {
    const double share = high > low ? (value - low) / (high - low) : 0;
    out += levels[std::min<std::size_t>(7, static_cast<std::size_t>(share * 8))];
  }
  return out;
}

Result<std::unique_ptr<Screen>> Screen::create() {
  if (!os::is_terminal(os::StandardStream::output))
    return fail(ErrorCode::not_found, "standard output is no terminal");
  SLUICE_TRY(auto keys, os::KeyInput::create());
  return std::make_unique<Screen>(std::move(keys));
}

// The other screen, without a cursor.
Screen::Screen(std::unique_ptr<os::KeyInput> keys) : keys_(std::move(keys)) {
  write("\x1b[?1049h\x1b[?25l\x1b[2J");
}

Screen::~Screen() { write("\x1b[?25h\x1b[?1049l"); }

void Screen::draw(const std::vector<std::string>& lines) {
  std::string out = "\x1b[H";
  for (std::size_t at = 0; at < lines.size(); ++at) {
    out += lines[at];
    out += "\x1b[K";
    if (at + 1 < lines.size()) out += "\r\n";
  }
  out += "\x1b[J";
  write(out);
}

}  // namespace sluice::cli
