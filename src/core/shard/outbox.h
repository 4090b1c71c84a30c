// SPDX-License-Identifier: Apache-2.0
//
// The Outbox takes messages to other shards that must not be lost between two logs. Such a message
// is a record of the sender's log, and acknowledged on that; the receiver logs what it does with it
// together with how far it has come; once that is durable it says so, and the sender forgets. After
// a restart each shard tells the others what it has, and what is missing is sent again.
//
// A QoS 1 message leaves at once. A QoS 2 message, and what comes behind it, leaves when the
// sender's log has it: a publisher that was not answered may send it again after a crash, and no
// other log may have it then. What is to be retained leaves to nobody before it leaves to its
// owner.
//
// Owner:   Shard.      Thread: its shard's.
// Limits:  limits.outbox_bytes_max, at which the shard stops reading its clients.
#pragma once

#include "base/ring_buffer.h"
#include "core/shard/context.h"
#include "core/shard/mail.h"
#include "core/shard/routed.h"

#include <cstdint>
#include <vector>

namespace sluice::core {

class Outbox {
 public:
  explicit Outbox(Context& context)
      : c_(context), taken_(context.setup.count), waiting_(context.setup.count) {}

  /// True if mail for that shard must go by send(), whatever it is: some of it still waits.
  bool is_waiting(ShardIndex target) const { return !waiting_[index_of(target)].empty(); }
  struct Sending {
    const mail::SharedPublish* shared = nullptr;  ///< for a member of a group
    bool waits = false;                           ///< until the log has it, whatever its QoS
  };
  /// `mail` says what the message is for.
  void send(ShardIndex target, Routed& routed, const mail::Publish& mail, const Sending& how);

  /// Whether mail of that sequence is new. What is made of it becomes durable together with that.
  bool take(ShardIndex from, std::uint64_t sequence);
  /// The receiver has all up to there. After a restart the rest is sent again.
  void on_mail(ShardIndex from, const mail::OutboxConfirmed& confirmed);

  /// Before the batch of the turn is closed.
  void finish_turn();
  /// The log has all up to that ticket.
  void on_durable(Ticket ticket);
  /// After a restart: tells every shard what this one has of it.
  void begin_run();

 private:
  struct Waiting {
    Ticket ticket{};
    std::uint64_t sequence = 0;
  };
  struct ToConfirm {
    Ticket ticket{};
    std::uint64_t sequence = 0;
    ShardIndex to{};
  };

  void mail_entry(ShardIndex target, const OutboxEntry& entry, bool is_again);
  void confirm(ShardIndex to, std::uint64_t sequence, bool is_after_restart);

  Context& c_;
  std::vector<std::uint64_t> taken_;          // by source: of this turn, 0 if nothing
  std::vector<RingBuffer<Waiting>> waiting_;  // by target: not mailed yet
  RingBuffer<ToConfirm> to_confirm_;
};

}  // namespace sluice::core
