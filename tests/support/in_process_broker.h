// SPDX-License-Identifier: Apache-2.0
//
// InProcessBroker is a whole broker of 1 to 4 shards in one thread on a fake clock, with raw
// clients at its sockets. Scripts read like the exchange:
//
//   InProcessBroker broker;
//   RawClient& client = broker.open();
//   client.send(Connect{.keep_alive_s = 10});
//   client.expect(Connack{});
//   broker.advance(16s);
//   client.expect_closed();
//
// Owner:   the test.      Thread: one.      Never: a real clock, a real socket.
#pragma once

#include "tests/support/broker_setup.h"
#include "tests/support/client_script.h"
#include "tests/support/shard_driver.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::testing {

class InProcessBroker;

/// Keeps log lines as text: "event key=value …".
class RecordingLog final : public Log {
 public:
  bool is_enabled(LogLevel) const override { return true; }
  void write(LogLevel level, std::string_view event, Fields fields) override;
  bool has(std::string_view text) const;

 private:
  std::vector<std::string> lines_;
};

class RawClient final : public ClientScript {
 public:
  RawClient(InProcessBroker& broker, Socket& socket) : broker_(broker), socket_(socket) {}

  void send_bytes(const Bytes& bytes) override;
  /// The same in pieces of `piece` bytes, each a read of its own.
  void send_in_pieces(const Bytes& bytes, std::size_t piece);
  std::optional<Received> receive() override;
  bool is_closed() override;
  void cut() override;
  /// The peer is gone and nobody tells: nothing is read any more.
  void stall(std::size_t room);
  void unstall();

 private:
  void take_outbound();

  InProcessBroker& broker_;
  Socket& socket_;
  Bytes received_;
  std::size_t parsed_ = 0;
  bool is_stalled_ = false;
};

class InProcessBroker {
 public:
  explicit InProcessBroker(const BrokerSetup& setup = {});

  /// A new connection, accepted by that shard.
  RawClient& open(std::uint16_t shard = 0);
  /// The same, with credentials required.
  RawClient& open_without_anonymous(std::uint16_t shard = 0);
  /// The same by a listener of set_access(), with a name that the transport has proved.
  RawClient& open_by(core::EntranceId entrance, std::string identity, std::uint16_t shard = 0);
  /// A client that is connected: CONNACK has come and been checked.
  RawClient& connect(const Connect& packet, std::uint16_t shard = 0);
  /// The same for a client that comes back to its session.
  RawClient& resume(const Connect& packet, std::uint16_t shard = 0);
  /// A client id that lives on that shard.
  std::string client_id_on(std::uint16_t shard, std::string_view prefix = "c") const;
  /// A topic whose retained message lives on that shard.
  std::string topic_on(std::uint16_t shard, std::string_view prefix) const;

  /// Turns of all shards until none has anything to do.
  void run();
  void advance(Duration by);
  Instant now() const { return now_; }
  WallTime wall_now() const { return WallTime{1'800'000'000'000'000'000} + (now_ - Instant{}); }

  /// Mail between two shards waits until release_mail().
  void hold_mail(std::uint16_t from, std::uint16_t to) { held_mail_[{from, to}]; }
  void release_mail(std::uint16_t from, std::uint16_t to);
  /// The oldest batches that the log has not answered yet are safe, on every shard.
  void answer_log();

  void set_access(core::AccessSettings access);
  /// The oldest question about credentials on that shard; the test fails if there is none.
  core::AuthRequest take_auth_request(std::uint16_t shard = 0);
  void answer_auth(core::ConnId conn, core::AuthAnswer answer, std::uint16_t shard = 0);
  /// The process dies and starts again after `down`: memory, connections and what the log had not
  /// answered yet are gone.
  void crash(Duration down = 1s);
  /// Every shard writes a checkpoint, in turns of a few bytes each; the log before it goes.
  void write_checkpoints();

  void kick(std::string_view client_id);
  void stop();
  void publish_sys();
  core::CoreMetrics metrics(std::uint16_t shard = 0) { return drivers_[shard]->shard().metrics(); }
  ShardDriver& driver(std::uint16_t shard = 0) { return *drivers_[shard]; }
  std::uint16_t shards() const { return static_cast<std::uint16_t>(drivers_.size()); }
  const RecordingLog& log() const { return log_; }
  void set_read_max(std::size_t bytes) { read_max_ = bytes; }

 private:
  void make_drivers(std::vector<std::vector<std::vector<std::uint8_t>>> logs);
  void carry_mail(std::uint16_t from);
  void carry_connections(std::uint16_t from);

  static constexpr core::EntranceId open_entrance{0};
  static constexpr core::EntranceId closed_entrance{1};

  BrokerSetup setup_;
  const std::vector<core::Entrance> entrances_{{.name = "open"},
                                               {.name = "closed", .is_anonymous_allowed = false}};
  core::LocalCensus census_;
  HashKey placement_key_;
  RecordingLog log_;
  Instant now_{1'000'000'000};
  std::size_t read_max_ = 1 << 20;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::vector<std::unique_ptr<RawClient>> clients_;
  std::map<std::pair<std::uint16_t, std::uint16_t>, MailQueue> held_mail_;
  std::vector<std::unique_ptr<ShardDriver>> drivers_;
};

/// Granted as it was asked for.
inline void subscribe(RawClient& client, const Filter& filter) {
  client.send(Subscribe{.packet_id = 9, .filters = {filter}});
  client.expect(Suback{.packet_id = 9, .codes = {static_cast<std::uint8_t>(filter.qos)}});
}

}  // namespace sluice::testing
