// SPDX-License-Identifier: Apache-2.0
#include "cli/flags/option_file.h"

#include "os/file.h"
#include "os/system_error.h"

namespace sluice::cli {
namespace {

constexpr std::size_t file_bytes_max = 1 << 20;

std::string_view take_word(std::string_view& rest) {
  const auto blank = rest.find(' ');
  const std::string_view word = rest.substr(0, blank);
  rest.remove_prefix(blank == std::string_view::npos ? rest.size() : blank + 1);
  return word;
}

void append_line(std::string_view line, std::vector<std::string>& words) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty() || line.front() == '#') return;
  const std::string_view flag = take_word(line);
  words.emplace_back(flag);
  if (line.empty()) return;
  if (flag == "-D" || flag == "--property") {
    words.emplace_back(take_word(line));
    const std::string_view name = take_word(line);
    words.emplace_back(name);
    if (name == "user-property") words.emplace_back(take_word(line));
  }
  words.emplace_back(line);
}

}  // namespace

std::string option_file_path(std::string_view program, std::string_view config_home,
                             std::string_view home) {
  if (!config_home.empty()) return std::string(config_home) + "/" + std::string(program);
  if (!home.empty()) return std::string(home) + "/.config/" + std::string(program);
  return {};
}

Parsed<std::vector<std::string>> read_option_file(const std::string& path, OptionFile kind) {
  if (path.empty()) return std::vector<std::string>();
  const auto text = os::read_file(path, file_bytes_max);
  if (text) return option_file_words(*text);
  if (kind == OptionFile::usual && text.error().code == ErrorCode::not_found)
    return std::vector<std::string>();
  return std::unexpected(
      UsageError{"the option file '" + path + "' cannot be read: " + os::describe(text.error())});
}

std::vector<std::string> option_file_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto line_end = text.find('\n');
    append_line(text.substr(0, line_end), words);
    text.remove_prefix(line_end == std::string_view::npos ? text.size() : line_end + 1);
  }
  return words;
}

}  // namespace sluice::cli
