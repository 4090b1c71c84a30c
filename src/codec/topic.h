// SPDX-License-Identifier: Apache-2.0
//
// The rules for topic names and topic filters, shared filters, and a plain matcher that says what
// "matches" means: the broker's tree is tested against it.
//
// Thread:  any.      Never: allocation, recursion.
// Limits:  TopicLimits.
// Spec:    MQTT 5.0 §4.7, §4.8.2; MQTT 3.1.1 §4.7.
#pragma once

#include "base/result.h"
#include "codec/limits.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice::codec {

/// UTF-8, at least one byte, no wildcard, within the limits. malformed_packet (0x81) or
/// invalid_argument (0x90).
Result<void> check_topic_name(std::string_view topic, const TopicLimits& limits = {});

/// UTF-8, at least one byte, wildcards only where they may stand, within the limits.
/// malformed_packet (0x81) or invalid_argument (0x8F). Says nothing of `$share`: see
/// split_shared_filter().
Result<void> check_topic_filter(std::string_view filter, const TopicLimits& limits = {});

/// `$share/NAME/FILTER` in its two parts. share_name is empty for any other filter, which then
/// stands whole in `filter`.
struct SharedFilter {
  std::string_view share_name{};
  std::string_view filter{};

  bool is_shared() const { return !share_name.empty(); }
};
/// REQUIRES: a filter that check_topic_filter() accepts. invalid_argument (0x8F) if it begins with
/// `$share/` but has no name, a wildcard in the name, or no filter behind it.
Result<SharedFilter> split_shared_filter(std::string_view filter);

/// True if a message of this topic name goes to a subscription of this filter (not shared). A
/// filter that begins with a wildcard does not match a name that begins with `$`. Cost: linear in
/// the shorter.
bool matches(std::string_view filter, std::string_view topic);

/// Where the first + or # stands, or npos.
inline std::size_t find_wildcard(std::string_view topic) {
  return std::min(topic.find('+'), topic.find('#'));
}
/// True if the filter has a wildcard. REQUIRES: a filter that check_topic_filter() accepts.
inline bool has_wildcard(std::string_view filter) {
  return find_wildcard(filter) != std::string_view::npos;
}

/// Walks the levels of a name or filter: "a//b" has "a", "", "b".
class TopicLevels {
 public:
  explicit TopicLevels(std::string_view topic) : rest_(topic) {}

  /// The next level, or nothing behind the last.
  std::optional<std::string_view> next() {
    if (is_done_) return std::nullopt;
    const auto slash = rest_.find('/');
    const auto level = rest_.substr(0, slash);
    is_done_ = slash == std::string_view::npos;
    if (!is_done_) rest_.remove_prefix(slash + 1);
    return level;
  }

 private:
  std::string_view rest_{};
  bool is_done_ = false;
};

}  // namespace sluice::codec
