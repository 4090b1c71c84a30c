// SPDX-License-Identifier: Apache-2.0
//
// A Crowd is the clients of a benchmark: it connects them, a bounded number at a time, subscribes
// them, and answers deliveries as the protocol wants. What the messages mean is for the class
// above.
//
// Owner:   run_bench().                     Thread: its owner's.
// Limits:  connecting_max connections in the making; patience for any answer of the broker.
#pragma once

#include "cli/bench/bench_packets.h"
#include "cli/bench/bench_plan.h"
#include "cli/bench/benchmark.h"
#include "cli/bench/server_usage.h"
#include "cli/bench/wire.h"
#include "os/process/signal_queue.h"

#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sluice::cli {

/// What every benchmark needs of the machine.
struct BenchMachine {
  std::unique_ptr<os::Reactor> reactor;
  std::unique_ptr<os::SignalQueue> signals;

  static std::expected<BenchMachine, std::string> create();
  BenchMachine() = default;
  BenchMachine(BenchMachine&&) = default;
  /// Takes the signals that stopped the run: left where they are they would end the program next.
  ~BenchMachine();
};

class Crowd : public WireSink {
 public:
  static constexpr std::size_t connecting_max = 256;
  static constexpr std::size_t opened_in_a_turn_max = 8;  ///< so that the turn stays short
  static constexpr Duration patience = 30s;

  Crowd(BenchMachine& machine, const BenchPlan& plan);

 protected:
  const BenchPlan& plan() const { return plan_; }
  Wire& wire() { return wire_; }
  Instant now() const { return wire_.now(); }
  bool is_stopped() const { return wire_.is_stopped(); }

  /// A client of the crowd, not connected yet.
  LinkIndex add(BenchIdentity identity);
  /// "bench-<run>-<role>-<number>".
  std::string client_id(std::string_view role, std::uint32_t number) const;
  /// Begins to connect a client that is not; on_connected() or on_gone() tells how it went.
  BenchResult open(LinkIndex link);
  /// Connects those of [first, first + count) that are not.
  BenchResult connect(LinkIndex first, std::size_t count);
  /// Sends SUBSCRIBE; subscribed() waits for the answers to all that were sent.
  void subscribe(LinkIndex link, std::span<const std::string> filters, codec::Qos qos);
  BenchResult subscribed();
  /// DISCONNECT, and the end.
  void leave(LinkIndex link);
  /// The connection is reset, without a word.
  void cut(LinkIndex link);

  /// Turns until `is_done`, at most as long as nothing has happened for `patience`; false then, or
  /// when the user stopped it.
  bool run_until(const std::function<bool()>& is_done);
  /// How long a turn of run_until() waits for something to happen (100 ms).
  void set_wait(Duration wait) { wait_ = wait; }
  /// One turn: receive, before_flush(), flush.
  void turn(Duration timeout);
  /// A sign of life, for the patience of run_until().
  void note_progress() { last_progress_ = now(); }

  bool is_ready(LinkIndex link) const { return members_[link].is_ready; }
  std::size_t ready_count() const { return ready_; }
  std::uint64_t refused_count() const { return refused_; }
  /// Why a connection ended or was refused, if one was; a sentence.
  const std::string& failure() const { return failure_; }
  void fail_with(std::string text);

  /// What the broker and this process have used; zeros without a server process.
  ServerUsage usage() const;

  virtual void on_message(LinkIndex link, const codec::Publish& publish) = 0;
  /// PUBACK, PUBCOMP, or a PUBREC that refuses: the end of a message of ours.
  virtual void on_published(LinkIndex link, const WireAck& ack) = 0;
  virtual void before_flush() {}
  virtual void on_connected(LinkIndex) {}
  /// The connection is gone; by default that ends the benchmark.
  virtual void on_gone(LinkIndex link);

 private:
  struct Member {
    BenchIdentity identity;
    bool is_reached = false;  ///< something listens there
    bool is_ready = false;
  };

  void on_open(LinkIndex link) final;
  void on_publish(LinkIndex link, const codec::Publish& publish) final;
  void on_ack(LinkIndex link, const WireAck& ack) final;
  void on_packet(LinkIndex link, const codec::Packet& packet) final;
  void on_lost(LinkIndex link) final;
  void on_connack(LinkIndex link, const codec::Connack& connack);
  void on_suback(const codec::Suback& suback);
  void forget(LinkIndex link);
  std::string loss_text(LinkIndex link) const;

  const BenchPlan& plan_;
  Wire wire_;
  std::vector<Member> members_;
  std::size_t connecting_ = 0;
  std::size_t ready_ = 0;
  std::size_t subacks_due_ = 0;
  std::uint64_t refused_ = 0;  ///< subscriptions and messages that the broker refused
  codec::PacketId next_subscribe_ = 1;
  Duration wait_ = 100ms;
  Instant last_progress_{};
  std::string failure_;
};

}  // namespace sluice::cli
