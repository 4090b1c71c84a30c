// SPDX-License-Identifier: Apache-2.0
//
// What the broker says of itself stands below $SYS/.
#pragma once

#include <string_view>

namespace sluice::core {

inline bool is_sys_topic(std::string_view topic) {
  return topic.starts_with("$SYS") && (topic.size() == 4 || topic[4] == '/');
}

/// Where nobody but the broker publishes. A bridge says of itself whether it is connected, as
/// mosquitto's do by their will: $SYS/broker/connection/NAME/state.
inline bool is_reserved_topic(std::string_view topic) {
  constexpr std::string_view before = "$SYS/broker/connection/";
  constexpr std::string_view behind = "/state";
  if (!is_sys_topic(topic)) return false;
  return topic.size() <= before.size() + behind.size() || !topic.starts_with(before) ||
         !topic.ends_with(behind);
}

}  // namespace sluice::core
