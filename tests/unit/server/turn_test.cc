// SPDX-License-Identifier: Apache-2.0
#include "server/turn/turn.h"

#include "net/transport/memory/memory_transport.h"
#include "tests/support/packets.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

class Alone final : public server::TurnHost {
  bool watch(const net::Transport&, core::ConnId) override { return true; }
  void unwatch(const net::Transport&) override {}
};

TEST(Turn, EndsWhileALargeMessageWaitsForAClientThatDoesNotRead) {
  NullLog log;
  Rng rng(1);
  Alone host;
  core::CoreOptions options;
  server::RingMatrix rings(1, 1024);
  auto [client, server] = net::MemoryTransport::make_pair({.capacity = 1 << 20});
  server->faults().write_bytes_max = 1000;
  {
    server::Turn turn({}, options, {}, rng, log, rings, host, Instant{1});
    const auto send = [&](const Bytes& bytes) {
      const net::IoSlice slice{bytes.data(), bytes.size()};
      ASSERT_EQ(client->write({&slice, 1}).value(), bytes.size());
    };
    send(encode(Connect{.client_id = "a"}, Version::v5));
    send(encode(Subscribe{.filters = {{"t", Qos::at_least_once}}}, Version::v5));
    send(encode(Publish{.topic = "t",
                        .payload = std::string(200'000, 'x'),
                        .qos = Qos::at_least_once,
                        .packet_id = 1},
                Version::v5));
    turn.begin(Instant{2});
    turn.add(std::move(server), {});
    turn.run();
    turn.finish();
    for (int i = 0; i < 10 && turn.shard().metrics().messages_sent[1] == 0; ++i) {
      turn.begin(Instant{3});
      turn.run();
      turn.finish();
    }
    EXPECT_EQ(turn.shard().metrics().messages_sent[1], 1U);
  }
}

}  // namespace
}  // namespace sluice::testing
