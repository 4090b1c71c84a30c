// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/bench_plan_flags.h"

#include "cli/bench/message_source.h"
#include "cli/mqtt/broker_address.h"
#include "os/entropy.h"

namespace sluice::cli {
namespace {

std::uint32_t number(const ParsedFlags& flags, std::string_view name, std::uint32_t otherwise) {
  return static_cast<std::uint32_t>(flags.integer(name, otherwise));
}

Duration seconds(const ParsedFlags& flags, std::string_view name, double otherwise) {
  return Duration(static_cast<std::int64_t>(flags.decimal(name, otherwise) * 1e9));
}

std::uint32_t default_clients(BenchMode mode) {
  switch (mode) {
    case BenchMode::pairs:
    case BenchMode::queue:
      return 1;
    case BenchMode::connections:
    case BenchMode::storm:
      return 1000;
    case BenchMode::shared:
      return 10;
    case BenchMode::acks:
      return 64;
    default:
      return 100;
  }
}

std::uint32_t default_window(const BenchPlan& plan) {
  if (plan.mode == BenchMode::acks) return 16;
  return plan.mode == BenchMode::pairs && plan.clients == 1 ? 1000 : 100;
}

std::uint32_t default_count(BenchMode mode) { return mode == BenchMode::queue ? 10'000 : 100'000; }

Parsed<bool> take_broker(const ParsedFlags& flags, std::string_view environment_url,
                         BenchPlan& out) {
  auto address = broker_address(flags, environment_url);
  if (!address) return std::unexpected(address.error());
  if (address->words.size() > 1) return refuse("'" + address->words[1] + "' is one word too many");
  if (!address->words.empty()) {
    const auto mode = bench_mode_of(address->words.front());
    if (!mode)
      return refuse("there is no benchmark '" + address->words.front() +
                    "'; --help lists what there is");
    out.mode = *mode;
  }
  const client::Endpoint& endpoint = address->endpoints.front();
  const auto found = client::resolve(endpoint);
  if (!found || found->empty()) return refuse("there is no host '" + endpoint.host + "'");
  out.address = found->front();
  out.user = flags.text("username", address->user.value_or(""));
  out.password = flags.text("pw", address->password.value_or(""));
  return true;
}

Parsed<bool> take_version(const ParsedFlags& flags, BenchPlan& out) {
  const std::string_view word = flags.text("protocol-version", "311");
  if (word == "5" || word == "mqttv5")
    out.version = codec::Version::v5;
  else if (word != "311" && word != "mqttv311")
    return refuse("'" + std::string(word) + "' is no version for a benchmark; 5 and 311 are");
  return true;
}

}  // namespace

Parsed<BenchPlan> bench_plan_of(const ParsedFlags& flags, std::string_view environment_url) {
  BenchPlan plan;
  if (const auto good = take_broker(flags, environment_url, plan); !good)
    return std::unexpected(good.error());
  if (const auto good = take_version(flags, plan); !good) return std::unexpected(good.error());
  plan.qos = static_cast<codec::Qos>(flags.integer("qos", 0));
  plan.clients = number(flags, "clients", default_clients(plan.mode));
  plan.payload_bytes = number(flags, "size", is_traffic(plan.mode) ? 256 : 64);
  plan.count = number(flags, "count", default_count(plan.mode));
  plan.window = number(flags, "window", default_window(plan));
  plan.rate = flags.decimal("rate", 0);
  if (plan.rate > 0 && flags.has("window"))
    return refuse("--rate is the open loop and --window the closed one: give one of them");
  plan.time = seconds(flags, "time", 5);
  plan.warm_up = seconds(flags, "warm-up", 1);
  plan.server_process = number(flags, "server-pid", 0);
  plan.commit_directory = flags.text("commit-dir", "");
  plan.run_tag = static_cast<std::uint32_t>(os::random_seed() & 0xFFFF'FFFFU);
  plan.is_quiet = flags.has("quiet");
  return plan;
}

}  // namespace sluice::cli
