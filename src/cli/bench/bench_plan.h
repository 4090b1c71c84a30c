// SPDX-License-Identifier: Apache-2.0
//
// A BenchPlan is what a benchmark is to do: made once from the flags, read by everybody.
#pragma once

#include "base/time.h"
#include "codec/types.h"
#include "os/socket/socket_address.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::cli {

enum class BenchMode : std::uint8_t {
  pairs,
  fan_out,
  fan_in,
  shared,
  connections,
  subscriptions,
  retained,
  queue,
  acks,
  churn,
  storm,
};

/// "pairs", "fan-out" …; static.
const char* to_string(BenchMode mode);
std::optional<BenchMode> bench_mode_of(std::string_view word);
/// Whether the mode is one of messages under way, not of what a broker remembers.
constexpr bool is_traffic(BenchMode mode) { return mode <= BenchMode::shared; }

struct BenchPlan {
  BenchMode mode = BenchMode::pairs;
  os::SocketAddress address;
  codec::Version version = codec::Version::v3_1_1;
  codec::Qos qos = codec::Qos::at_most_once;
  std::string user;      ///< empty: none
  std::string password;  ///< with a user
  std::uint32_t clients = 1;
  std::uint32_t count = 10'000;  ///< subscriptions, retained or queued messages
  std::uint32_t payload_bytes = 256;
  std::uint32_t window = 1000;  ///< messages of one publisher that are under way
  double rate = 0;              ///< messages a second of all publishers together; 0: closed loop
  Duration warm_up = 1s;
  Duration time = 5s;
  std::uint32_t server_process = 0;  ///< 0: not on this machine, or not to be looked at
  std::string commit_directory{};    ///< acks: what a sync costs there is told too; empty: not
  std::uint32_t run_tag = 0;         ///< tells this run's messages and names from others'
  bool is_quiet = false;
};

}  // namespace sluice::cli
