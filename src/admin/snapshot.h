// SPDX-License-Identifier: Apache-2.0
//
// AdminSnapshot is what the broker is at one moment, as the administration port shows it. The
// server gathers from the shards the part that a route asks for; handlers only read.
//
// Owner:   the request it answers.    Thread: the control thread's (a value).
#pragma once

#include "base/metric_row.h"
#include "base/time.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::admin {

/// The summed numbers of one table.
struct MetricNumbers {
  std::span<const MetricRow> rows;
  std::vector<std::uint64_t> numbers;  ///< in the order of the rows' slots
};

/// REQUIRES: the rows are those of `Metrics`.
template <class Metrics>
MetricNumbers numbers_of(std::span<const MetricRow> rows, const Metrics& metrics) {
  const auto numbers = metric_numbers(metrics);
  return {rows, {numbers.begin(), numbers.end()}};
}

/// One session, connected or not.
struct ClientInfo {
  std::string client{};
  std::string user{};      ///< empty if anonymous
  std::string address{};   ///< empty if not connected
  std::string protocol{};  ///< "3.1", "3.1.1" or "5"
  bool is_connected = false;
  Duration since{};  ///< time since it connected, or since it left
  std::uint32_t keep_alive_s = 0;
  std::uint32_t session_expiry_s = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t inflight_messages = 0;
  std::uint64_t queue_messages = 0;
  std::uint64_t queue_bytes = 0;
};

/// What one user has; without a name: an address.
struct QuotaInfo {
  std::string user{};
  std::uint64_t connections = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t queue_bytes = 0;
  std::uint64_t retained_messages = 0;
};

/// An address that may not connect.
struct BanInfo {
  std::string address{};
  Duration left{};
  std::string cause{};
};

enum class Readiness : std::uint8_t { starting, ready, stopping };

struct AdminSnapshot {
  std::string version{};
  Duration uptime{};
  Readiness readiness = Readiness::starting;
  std::vector<MetricNumbers> metrics{};  ///< for SnapshotPart::metrics
  std::vector<ClientInfo> clients{};     ///< for SnapshotPart::clients; in any order
  std::vector<QuotaInfo> quotas{};       ///< for SnapshotPart::quotas; by user
  std::vector<BanInfo> bans{};           ///< for SnapshotPart::bans; by address
};

}  // namespace sluice::admin
