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
  std::uint64_t memory_max_ = 0;
};

}  // namespace sluice::core
