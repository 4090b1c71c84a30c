// SPDX-License-Identifier: Apache-2.0
#include "store/format/file_number.h"

#include <algorithm>
#include <charconv>

namespace sluice::store {

std::string numbered_path(const std::string& directory, std::uint64_t number,
                          std::string_view suffix) {
  constexpr std::size_t digits = 12;
  const std::string text = std::to_string(number);
  std::string path = directory + "/";
  path.append(digits - std::min(digits, text.size()), '0').append(text).append(suffix);
  return path;
}

std::optional<std::uint64_t> file_number(std::string_view file_name, std::string_view suffix) {
  if (!file_name.ends_with(suffix)) return {};
  file_name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  const char* last = file_name.data() + file_name.size();
  const auto [end, error] = std::from_chars(file_name.data(), last, number);
  if (error != std::errc() || end != last || number == 0) return {};
  return number;
}

}  // namespace sluice::store
