// SPDX-License-Identifier: Apache-2.0
//
// SysTopics publishes what the broker counts below $SYS/broker/, with mosquitto's names and units,
// so that dashboards and exporters find what they look for: retained, when changed.
//
// Owner:   Shard, one of the process.      Thread: its shard's.
// Limits:  sys.interval, kept by the driver.
#pragma once

#include "core/shard/context.h"
#include "core/shard/router.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <string>
#include <string_view>

namespace sluice::core {

/// What the broker says of itself stands there.
inline bool is_sys_topic(std::string_view topic) {
  return topic.starts_with("$SYS/") || topic == "$SYS";
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

class SysTopics {
 public:
  SysTopics(Context& context, Router& router) : c_(context), router_(router) {}

  void publish(const CoreMetrics& totals, Duration uptime, std::string_view version);

 private:
  void put(std::string_view topic, std::string value);
  void put_load(std::string_view name, std::uint64_t total, double minutes_passed);

  /// Events per minute, averaged over 1, 5 and 15 minutes, as load averages are.
  struct Load {
    std::uint64_t last_total = 0;
    double average[3] = {};
  };

  Context& c_;
  Router& router_;
  boost::unordered_flat_map<std::string, std::string> last_;
  boost::unordered_flat_map<std::string, Load> loads_;
  Instant last_run_{};
  std::uint64_t clients_max_ = 0;
};

}  // namespace sluice::core
