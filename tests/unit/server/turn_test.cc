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
  void authenticate(core::AuthRequest) override {}
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

// A log that is durable when the test says so.
class SlowLog final : public store::ShardLog {
 public:
  store::Position append(core::Ticket ticket, const store::BatchTime& time, ByteView) override {
    last = ticket;
    last_time = time;
    return store::Position{++batches};
  }
  core::Ticket durable() const override { return safe; }
  std::size_t pending_bytes() const override { return 0; }
  std::uint64_t bytes() const override { return 0; }
  store::Space space() const override { return store::Space::ample; }
  void begin_replay_at(store::Position) override {}

  core::Ticket last{0};
  core::Ticket safe{0};
  store::BatchTime last_time;
  std::uint64_t batches = 0;
};

TEST(Turn, AnAcknowledgementLeavesWithTheTurnThatFindsItDurable) {
  NullLog log;
  Rng rng(1);
  Alone host;
  core::CoreOptions options;
  server::RingMatrix rings(1, 1024);
  SlowLog slow;
  auto [client, server] = net::MemoryTransport::make_pair({.capacity = 1 << 20});
  server::Turn turn({}, options, {}, rng, log, rings, host, Instant{1});
  turn.use_log(slow);
  const auto send = [&](const Bytes& bytes) {
    const net::IoSlice slice{bytes.data(), bytes.size()};
    ASSERT_EQ(client->write({&slice, 1}).value(), bytes.size());
  };
  const auto run = [&](std::int64_t now) {
    turn.begin(Instant{now});
    turn.run();
    turn.finish();
  };
  const auto received = [&client] {
    Bytes bytes(1000);
    const auto size = client->read(bytes);
    bytes.resize(size ? *size : 0);
    return bytes;
  };
  send(encode(Connect{.version = Version::v3_1_1, .client_id = "a", .clean_start = false},
              Version::v3_1_1));
  turn.begin(Instant{2});
  turn.add(std::move(server), {});
  turn.run();
  turn.finish();
  EXPECT_EQ(slow.batches, 1U);
  EXPECT_EQ(slow.last_time.mono, Instant{2});
  EXPECT_TRUE(received().empty());
  run(3);
  EXPECT_TRUE(received().empty());
  slow.safe = slow.last;
  run(4);
  EXPECT_EQ(received(), (Bytes{0x20, 2, 0, 0}));
  EXPECT_EQ(slow.batches, 1U);
}

}  // namespace
}  // namespace sluice::testing
