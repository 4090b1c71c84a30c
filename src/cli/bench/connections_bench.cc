// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/connections_bench.h"

namespace sluice::cli {

BenchResult ConnectionsBench::run() {
  if (auto done = warm_up(); !done) return done;
  const auto first = add({.client_id = client_id("idle", 0)});
  for (std::uint32_t i = 1; i < plan().clients; ++i) add({.client_id = client_id("idle", i)});
  const Mark before = mark();
  if (auto done = connect(first, plan().clients); !done) return done;
  record({.name = "connection", .label = "a connection"}, before, plan().clients);

  const Mark connected = mark();
  std::uint64_t sent = 0;
  while (sent < plan().clients) {
    for (std::uint32_t i = 0; i < 250 && sent < plan().clients; ++i, ++sent) {
      const std::string filter = topic("idle/" + std::to_string(sent));
      subscribe(static_cast<LinkIndex>(first + sent), {&filter, 1}, plan().qos);
    }
    if (auto done = subscribed(); !done) return done;
  }
  record({.name = "its_subscription", .label = "the subscription of each"}, connected, sent);
  record({.name = "connection_with_subscription", .label = "a connection with one subscription"},
         before, sent);
  if (refused_count() > 0) return std::unexpected("the broker refused a subscription");
  return {};
}

}  // namespace sluice::cli
