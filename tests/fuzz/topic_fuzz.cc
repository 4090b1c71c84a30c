// SPDX-License-Identifier: Apache-2.0
//
// Topic names, filters and UTF-8 against second implementations that are written to be obvious, not
// fast.
//
// Input: a filter, a byte 0x0A, a topic name.
#include "base/assert.h"
#include "codec/topic.h"
#include "codec/utf8.h"

#include <string>
#include <vector>

namespace sluice::codec {
namespace {

std::vector<std::string> levels_of(std::string_view topic) {
  std::vector<std::string> levels(1);
  for (const char c : topic) {
    if (c == '/')
      levels.emplace_back();
    else
      levels.back() += c;
  }
  return levels;
}

// The pattern of a filter as a table: can[i][j] says that the filter from level i on takes the name
// from level j on.
bool does_match(std::string_view filter, std::string_view topic) {
  const auto wanted = levels_of(filter);
  const auto levels = levels_of(topic);
  if (topic[0] == '$' && (wanted[0] == "+" || wanted[0] == "#")) return false;
  std::vector<std::vector<bool>> can(wanted.size() + 1, std::vector<bool>(levels.size() + 1));
  can[wanted.size()][levels.size()] = true;
  for (std::size_t i = wanted.size(); i-- > 0;) {
    for (std::size_t j = levels.size() + 1; j-- > 0;) {
      if (wanted[i] == "#")
        can[i][j] = true;
      else if (j < levels.size() && (wanted[i] == "+" || wanted[i] == levels[j]))
        can[i][j] = can[i + 1][j + 1];
    }
  }
  return can[0][0];
}

// Decodes by the tables of RFC 3629.
bool is_text(std::string_view text) {
  std::size_t i = 0;
  const auto byte = [&](std::size_t k) -> unsigned {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U;
  };
  const auto is_in = [&](std::size_t k, unsigned low, unsigned high) {
    return byte(k) >= low && byte(k) <= high;
  };
  while (i < text.size()) {
    if (is_in(i, 0x01, 0x7F)) {
      i += 1;
    } else if (is_in(i, 0xC2, 0xDF) && is_in(i + 1, 0x80, 0xBF)) {
      i += 2;
    } else if (is_in(i, 0xE0, 0xEF) && is_in(i + 2, 0x80, 0xBF) &&
               is_in(i + 1, byte(i) == 0xE0 ? 0xA0 : 0x80, byte(i) == 0xED ? 0x9F : 0xBF)) {
      i += 3;
    } else if (is_in(i, 0xF0, 0xF4) && is_in(i + 2, 0x80, 0xBF) && is_in(i + 3, 0x80, 0xBF) &&
               is_in(i + 1, byte(i) == 0xF0 ? 0x90 : 0x80, byte(i) == 0xF4 ? 0x8F : 0xBF)) {
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

bool is_name(std::string_view text) {
  return !text.empty() && is_text(text) && text.find_first_of("+#") == std::string_view::npos;
}

bool is_filter(std::string_view text) {
  if (text.empty() || !is_text(text)) return false;
  const auto levels = levels_of(text);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i].find('+') != std::string::npos && levels[i] != "+") return false;
    if (levels[i].find('#') == std::string::npos) continue;
    if (levels[i] != "#" || i + 1 != levels.size()) return false;
  }
  return true;
}

void check_shared(std::string_view filter) {
  const auto shared = split_shared_filter(filter);
  const auto levels = levels_of(filter);
  if (levels.size() < 2 || levels[0] != "$share") {
    SLUICE_ASSERT(shared.has_value() && !shared->is_shared() && shared->filter == filter);
    return;
  }
  const bool is_fine = !levels[1].empty() && levels[1] != "+" && levels[1] != "#" &&
                       filter.size() > 7 + levels[1].size() + 1;
  SLUICE_ASSERT(shared.has_value() == is_fine);
  if (is_fine) {
    SLUICE_ASSERT(shared->share_name == levels[1]);
    SLUICE_ASSERT(is_filter(shared->filter));
  }
}

void run(std::string_view input) {
  const std::size_t newline = input.find('\n');
  const std::string filter(input.substr(0, newline));
  const std::string topic(newline == std::string_view::npos ? "" : input.substr(newline + 1));
  SLUICE_ASSERT(is_valid_utf8(topic) == is_text(topic));
  if (topic.size() > 65'535 || filter.size() > 65'535) return;
  const bool is_good_name = check_topic_name(topic).has_value();
  const bool is_good_filter = check_topic_filter(filter).has_value();
  SLUICE_ASSERT(is_good_name == is_name(topic));
  SLUICE_ASSERT(is_good_filter == is_filter(filter));
  const auto levels_max = static_cast<std::uint32_t>(levels_of(topic).size());
  SLUICE_ASSERT(check_topic_name(topic, {.levels_max = levels_max}).has_value() == is_good_name);
  SLUICE_ASSERT(!check_topic_name(topic, {.levels_max = levels_max - 1}).has_value());
  if (is_good_filter) check_shared(filter);
  if (is_good_filter && is_good_name) {
    SLUICE_ASSERT(matches(filter, topic) == does_match(filter, topic));
  } else {
    static_cast<void>(matches(filter, topic));
  }
}

}  // namespace
}  // namespace sluice::codec

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::codec::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
