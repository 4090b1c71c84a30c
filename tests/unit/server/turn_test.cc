// SPDX-License-Identifier: Apache-2.0
#include "server/turn/turn.h"

#include "net/transport/layered_transport.h"
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

TEST(Turn, ReadsNoMoreThanItsBoundAndTheOthersFirstInTheNext) {
  NullLog log;
  Rng rng(1);
  Alone host;
  core::CoreOptions options;
  server::RingMatrix rings(1, 1024);
  server::Turn turn({}, options, {.input_bytes_max = 1}, rng, log, rings, host, Instant{1});
  std::vector<std::unique_ptr<net::MemoryTransport>> clients;
  turn.begin(Instant{2});
  for (const char* id : {"a", "b", "c"}) {
    auto [client, server] = net::MemoryTransport::make_pair({.capacity = 1 << 20});
    const Bytes bytes = encode(Connect{.client_id = id}, Version::v5);
    const net::IoSlice slice{bytes.data(), bytes.size()};
    ASSERT_TRUE(client->write({&slice, 1}));
    clients.push_back(std::move(client));
    turn.add(std::move(server), {});
  }
  const auto connected = [&] {
    return turn.shard().metrics().packets_received[static_cast<std::size_t>(PacketType::connect)];
  };
  // One of those that come, then, where others talk, these: it takes turns.
  for (std::int64_t now = 3; connected() < 3 && now < 10; ++now) {
    const std::uint64_t reads = turn.metrics().reads - turn.metrics().reads_empty;
    turn.run();
    turn.finish();
    EXPECT_LE(turn.metrics().reads - turn.metrics().reads_empty, reads + 1);
    EXPECT_TRUE(turn.has_work()) << "more to read, or the end of what was read to be found";
    turn.begin(Instant{now});
  }
  EXPECT_EQ(connected(), 3U);
  EXPECT_GE(turn.metrics().turn_bound_hits_input, 2U);
  turn.finish();
}

// In each turn there is time for one connection that comes or goes.
class Busy final : public server::TurnHost {
  bool watch(const net::Transport&, core::ConnId) override { return true; }
  void unwatch(const net::Transport&) override {}
  void authenticate(core::AuthRequest) override {}
  bool may_attend_churn(std::size_t done) override { return done == 0; }
};

// Clients in memory that come to a turn.
struct Crowd {
  explicit Crowd(server::TurnHost& host, const server::TurnOptions& turn_options = {},
                 const core::ShardSetup& setup = {})
      : rings(setup.count, 1024),
        turn(setup, options, turn_options, rng, log, rings, host, Instant{1}) {
    turn.begin(Instant{++now});
  }
  ~Crowd() { turn.finish(); }

  void send(std::size_t client, const Bytes& bytes) const {
    const net::IoSlice slice{bytes.data(), bytes.size()};
    ASSERT_TRUE(clients[client]->write({&slice, 1}));
  }
  void come(const std::string& id) {
    auto [client, server] = net::MemoryTransport::make_pair({.capacity = 1 << 20});
    clients.push_back(std::move(client));
    send(clients.size() - 1, encode(Connect{.client_id = id}, Version::v3_1_1));
    turn.add(std::move(server), {});
  }
  void ping(std::size_t client, core::ConnId id) {
    send(client, Bytes{0xc0, 0});
    turn.on_ready(id, {.readable = true});
  }
  void run() {
    turn.run();
    turn.finish();
    handed_over += turn.hand_overs().size();
    turn.begin(Instant{++now});
  }
  void run_all() {
    while (turn.has_work()) run();
  }
  std::uint64_t received(PacketType type) {
    return turn.shard().metrics().packets_received[static_cast<std::size_t>(type)];
  }

  NullLog log;
  Rng rng{1};
  core::CoreOptions options;
  server::RingMatrix rings;
  server::Turn turn;
  std::vector<std::unique_ptr<net::MemoryTransport>> clients;
  std::int64_t now = 1;
  std::size_t handed_over = 0;
};

TEST(Turn, AStormOfClientsThatComeKeepsNoneWaitingWhoTalks) {
  Busy host;
  Crowd crowd(host);
  crowd.come("talks");
  crowd.run_all();
  ASSERT_EQ(crowd.received(PacketType::connect), 1U);
  for (int i = 0; i < 10; ++i) crowd.come("comes " + std::to_string(i));
  for (std::uint64_t pings = 1; pings <= 5; ++pings) {
    crowd.ping(0, {0, 1});
    crowd.run();
    EXPECT_EQ(crowd.received(PacketType::pingreq), pings)
        << "it is read in the turn after it spoke";
    crowd.run();
  }
  EXPECT_GE(crowd.received(PacketType::connect), 4U) << "and the others have turns in between";
  crowd.run_all();
  EXPECT_EQ(crowd.received(PacketType::connect), 11U);
  EXPECT_GT(crowd.turn.metrics().turn_bound_hits_churn, 0U);
}

TEST(Turn, WhoeverComesHasATurnAlthoughOthersFillEachOfThem) {
  Alone host;
  Crowd crowd(host, {.input_bytes_max = 1});
  crowd.come("talks");
  crowd.run_all();
  crowd.come("comes");
  for (int i = 0; i < 4; ++i) {
    crowd.ping(0, {0, 1});
    crowd.run();
  }
  EXPECT_EQ(crowd.received(PacketType::connect), 2U);
}

// One that takes handshakes away, and gives them back when it is asked to.
class Elsewhere final : public server::TurnHost {
 public:
  std::vector<server::HandshakeLetter> letters;

 private:
  bool watch(const net::Transport&, core::ConnId) override { return true; }
  void unwatch(const net::Transport&) override {}
  void authenticate(core::AuthRequest) override {}
  bool shake_hands(server::HandshakeLetter& letter) override {
    letters.push_back(std::move(letter));
    return true;
  }
};

// A connection that is ready once it was asked.
class Reserved final : public net::LayeredTransport {
 public:
  using LayeredTransport::LayeredTransport;
  Result<std::size_t> read(MutableByteView into) override { return beneath().read(into); }
  Result<std::size_t> write(std::span<const net::IoSlice> slices) override {
    return beneath().write(slices);
  }
  void shutdown_write() override { beneath().shutdown_write(); }
  bool is_handshaking() const override { return !is_ready_; }
  bool is_handshake_costly() const override { return true; }
  Result<void> handshake() override {
    is_ready_ = true;
    return {};
  }

 private:
  bool is_ready_ = false;
};

class ShakenElsewhere : public ::testing::Test {
 protected:
  void come(const char* id) {
    auto [client, server] = net::MemoryTransport::make_pair({.capacity = 1 << 20});
    crowd_.clients.push_back(std::move(client));
    crowd_.send(crowd_.clients.size() - 1, encode(Connect{.client_id = id}, Version::v3_1_1));
    crowd_.turn.add(std::make_unique<Reserved>(std::move(server)), {});
  }
  server::HandshakeLetter take_shaken() {
    server::HandshakeLetter letter = std::move(host_.letters.front());
    host_.letters.erase(host_.letters.begin());
    letter.done = letter.transport->handshake();
    return letter;
  }

  Elsewhere host_;
  Crowd crowd_{host_};
};

TEST_F(ShakenElsewhere, NobodyWaitsForACostlyHandshakeAndItsClientIsReadWhenItIsBack) {
  come("a");
  come("b");
  crowd_.come("c");
  crowd_.run_all();
  EXPECT_EQ(crowd_.received(PacketType::connect), 1U);
  EXPECT_EQ(crowd_.turn.handshakes(), 2U);
  EXPECT_EQ(crowd_.turn.metrics().handshakes_elsewhere, 2U);
  ASSERT_EQ(host_.letters.size(), 2U);
  crowd_.turn.on_shaken(take_shaken());
  crowd_.run_all();
  EXPECT_EQ(crowd_.received(PacketType::connect), 2U);
  crowd_.turn.on_shaken(take_shaken());
  crowd_.run_all();
  EXPECT_EQ(crowd_.received(PacketType::connect), 3U);
  EXPECT_EQ(crowd_.turn.handshakes(), 0U);
  EXPECT_EQ(crowd_.turn.metrics().handshakes_elsewhere, 0U);
}

TEST_F(ShakenElsewhere, AnEventThatComesMeanwhileIsNotLost) {
  come("a");
  crowd_.run_all();
  ASSERT_EQ(host_.letters.size(), 1U);
  crowd_.turn.on_ready(host_.letters[0].conn, {.readable = true, .writable = true});
  crowd_.run_all();
  ASSERT_EQ(host_.letters.size(), 1U);
  server::HandshakeLetter letter = std::move(host_.letters[0]);
  host_.letters.clear();
  letter.done = fail(ErrorCode::would_block, "it had not come yet");
  crowd_.turn.on_shaken(std::move(letter));
  crowd_.run_all();
  EXPECT_EQ(host_.letters.size(), 1U) << "the next step";
}

TEST_F(ShakenElsewhere, WhatComesBackWhenNobodyWaitsAnyMoreEnds) {
  come("a");
  crowd_.run_all();
  ASSERT_EQ(host_.letters.size(), 1U);
  crowd_.turn.drop_handshakes();
  EXPECT_EQ(crowd_.turn.connections(), 0U);
  crowd_.turn.on_shaken(take_shaken());
  std::array<std::uint8_t, 8> bytes;
  const auto read = crowd_.clients[0]->read(bytes);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::closed);
}

TEST_F(ShakenElsewhere, OneThatNeverComesBackLeavesItsPlace) {
  come("a");
  crowd_.run_all();
  crowd_.now += Duration(60s).count();
  crowd_.run();
  crowd_.run();
  EXPECT_EQ(crowd_.turn.connections(), 0U);
  EXPECT_EQ(crowd_.turn.handshakes(), 0U);
}

TEST(Turn, WhoHasComeToTheWrongShardIsHandedOverAlthoughItsEndIsThereAlready) {
  Alone host;
  core::ShardSetup one_of_two;
  one_of_two.count = 2;
  Crowd crowd(host, {}, one_of_two);
  // The first that stays talks; those before it have left their place to it.
  while (crowd.received(PacketType::connect) == 0) {
    crowd.come("talks " + std::to_string(crowd.clients.size()));
    crowd.run_all();
  }
  const std::size_t talks = crowd.clients.size() - 1;
  const core::ConnId at{0, static_cast<std::uint32_t>(crowd.clients.size())};
  for (int i = 0; i < 8; ++i) {
    crowd.come("comes " + std::to_string(i));
    crowd.ping(talks, at);
    crowd.run();
    crowd.clients.back()->shutdown_write();
    crowd.run();
    crowd.run_all();
  }
  EXPECT_EQ(crowd.received(PacketType::pingreq), 8U);
  EXPECT_GT(crowd.handed_over, talks);
  EXPECT_EQ(crowd.received(PacketType::connect) + crowd.handed_over, crowd.clients.size());
}

TEST(Turn, WhatAClientHasSentBeforeItLeftIsReadAlthoughNothingCanBeWrittenToIt) {
  Alone host;
  Crowd crowd(host);
  auto [client, server] = net::MemoryTransport::make_pair({.capacity = 1 << 20});
  net::MemoryFaults& faults = server->faults();
  const auto send = [&peer = *client](const Bytes& bytes) {
    const net::IoSlice slice{bytes.data(), bytes.size()};
    ASSERT_TRUE(peer.write({&slice, 1}));
  };
  const core::ConnId at{0, 1};
  send(encode(Connect{.client_id = "a"}, Version::v5));
  crowd.turn.add(std::move(server), {});
  crowd.run_all();
  std::array<std::uint8_t, 100> connack{};
  ASSERT_TRUE(client->read(connack));
  // The answer to the first packet finds nobody; the others are still to be read.
  faults.read_bytes_max = 2;
  send(encode(Pingreq{}, Version::v5));
  for (int i = 0; i < 3; ++i) send(encode(Publish{.topic = "t", .payload = "x"}, Version::v5));
  client.reset();
  crowd.turn.on_ready(at, {.readable = true, .hangup = true});
  crowd.run_all();
  EXPECT_EQ(crowd.received(PacketType::publish), 3U);
  EXPECT_EQ(crowd.turn.connections(), 0U);
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
  std::size_t pending_bytes() const override { return pending; }
  std::uint64_t bytes() const override { return 0; }
  std::uint64_t released_bytes() const override { return 0; }
  store::Space space() const override { return room; }
  void begin_replay_at(store::Position) override {}
  void carry_out(core::ChunkRequest) override {}
  void take_answers(std::vector<core::ChunkAnswer>&) override {}

  core::Ticket last{0};
  core::Ticket safe{0};
  store::BatchTime last_time;
  std::uint64_t batches = 0;
  std::size_t pending = 0;
  store::Space room = store::Space::ample;
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
  turn.use_log(slow, 1000);
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

// A turn with a log, and clients of it in memory.
struct Logged {
  explicit Logged() : turn({}, options, {}, rng, log, rings, host, Instant{1}) {
    turn.use_log(slow, 1000);
  }
  struct Client {
    std::unique_ptr<net::MemoryTransport> end;
    void send(const Bytes& bytes) const {
      const net::IoSlice slice{bytes.data(), bytes.size()};
      ASSERT_EQ(end->write({&slice, 1}).value(), bytes.size());
    }
    Bytes received() const {
      Bytes bytes(1000);
      const auto size = end->read(bytes);
      bytes.resize(size ? *size : 0);
      return bytes;
    }
  };
  Client connect(const std::string& id, Version version, std::uint8_t expiry_s = 100) {
    auto [client, server] = net::MemoryTransport::make_pair({.capacity = 1 << 20});
    Client made{std::move(client)};
    Connect connect{.version = version, .client_id = id, .clean_start = false};
    if (version == Version::v5)
      connect.props.number(codec::PropertyId::session_expiry_interval, expiry_s);
    made.send(encode(connect, version));
    turn.begin(now);
    turn.add(std::move(server), {});
    ++clients;
    turn.run();
    turn.finish();
    run();
    EXPECT_FALSE(made.received().empty());
    return made;
  }
  // All that was asked for is durable, and one more turn lets it go.
  void run() {
    for (int i = 0; i < 3; ++i) {
      slow.safe = slow.last;
      now = now + 1ms;
      turn.begin(now);
      for (std::uint32_t slot = 0; slot < clients; ++slot)
        turn.on_ready({slot, 1}, {.readable = true, .writable = true});
      turn.run();
      turn.finish();
    }
  }

  NullLog log;
  Rng rng{1};
  Alone host;
  core::CoreOptions options;
  server::RingMatrix rings{1, 1024};
  SlowLog slow;
  server::Turn turn;
  Instant now{1'000'000};
  std::uint32_t clients = 0;
};

Bytes publish_to(const std::string& topic, Version version, Qos qos = Qos::at_least_once) {
  return encode(Publish{.topic = topic, .payload = "x", .qos = qos, .packet_id = 7}, version);
}

TEST(Turn, WhileTheLogIsBehindDurableMessagesWaitAndPingsDoNot) {
  Logged logged;
  const auto publisher = logged.connect("p", Version::v3_1_1);
  const auto other = logged.connect("o", Version::v3_1_1);
  logged.slow.pending = 2000;
  publisher.send(publish_to("t", Version::v3_1_1));
  other.send({0xc0, 0});
  logged.run();
  EXPECT_TRUE(publisher.received().empty());
  EXPECT_EQ(other.received(), (Bytes{0xd0, 0}));
  logged.slow.pending = 0;
  logged.run();
  EXPECT_EQ(publisher.received(), (Bytes{0x40, 2, 0, 7}));
}

TEST(Turn, OnAFullDiskAMessageForADurableSessionIsRefusedAndOthersAreNot) {
  Logged logged;
  const auto subscriber = logged.connect("s", Version::v5);
  subscriber.send(encode(Subscribe{.filters = {{"kept/#", Qos::at_least_once}}}, Version::v5));
  const auto publisher = logged.connect("p", Version::v5);
  const auto old = logged.connect("o", Version::v3_1_1);
  logged.slow.room = store::Space::low;
  publisher.send(publish_to("kept/1", Version::v5));
  logged.run();
  EXPECT_EQ(publisher.received(), (Bytes{0x40, 3, 0, 7, 0x97}));
  publisher.send(publish_to("other", Version::v5));
  logged.run();
  EXPECT_EQ(publisher.received(), (Bytes{0x40, 3, 0, 7, 0x10}));
  old.send(publish_to("kept/1", Version::v3_1_1));
  logged.run();
  EXPECT_TRUE(old.received().empty());
  EXPECT_EQ(logged.turn.shard().metrics().disconnects_limit, 1U);
  EXPECT_EQ(logged.turn.shard().metrics().messages_dropped_store_full, 2U);
  logged.slow.room = store::Space::ample;
  publisher.send(publish_to("kept/1", Version::v5));
  logged.run();
  EXPECT_EQ(publisher.received(), (Bytes{0x40, 2, 0, 7}));
}

}  // namespace
}  // namespace sluice::testing
