// SPDX-License-Identifier: Apache-2.0
//
// Subscribing handles SUBSCRIBE and UNSUBSCRIBE. A SUBACK goes out when every shard knows of the
// subscription (a publish that anybody sees acknowledged afterwards reaches it) and the log has it;
// retained messages follow.
//
// Owner:   Shard.      Thread: its shard's.
// Limits:  session.subscriptions_max.
// Spec:    MQTT 5.0 §3.8 to §3.11, §4.8.2.
#pragma once

#include "base/ring_buffer.h"
#include "core/access/guard.h"
#include "core/access/quotas.h"
#include "core/connection/acknowledging.h"
#include "core/connection/closing.h"
#include "core/retained/retained_delivery.h"
#include "core/shard/interest.h"
#include "core/shard/shared_members.h"

#include <string>
#include <vector>

namespace sluice::core {

class Subscribing {
 public:
  Subscribing(Context& context, Interest& interest, SharedMembers& members,
              RetainedDelivery& retained, Acknowledging& acks)
      : c_(context),
        interest_(interest),
        members_(members),
        retained_(retained),
        acks_(acks),
        guard_(context),
        quotas_(context) {}

  /// False if the connection is gone. So for both.
  bool on_subscribe(Connection& connection, const codec::Subscribe& subscribe);
  bool on_unsubscribe(Connection& connection, const codec::Unsubscribe& unsubscribe);
  /// True while so many of its subscriptions wait for their retained messages that it may make no
  /// more.
  bool must_wait(const Connection& connection) const {
    constexpr std::size_t queries_max = 1000;
    return retained_.waiting(connection.session) >= queries_max;
  }
  /// Other shards have confirmed more changes.
  void on_confirmed();

 private:
  struct Pending {
    std::uint64_t sequence = 0;
    std::uint64_t changes = 0;
    ConnId conn;
    codec::PacketId packet_id = 0;
    std::vector<std::uint8_t> codes{};
    std::vector<std::uint64_t> queries{};  // for retained messages, behind the SUBACK
  };

  codec::ReasonCode check_available(const Connection& connection, bool is_shared,
                                    std::string_view filter, std::uint32_t id) const;
  codec::ReasonCode subscribe(Connection& connection, codec::FilterView filter, std::uint32_t id,
                              std::vector<std::uint64_t>& queries);
  codec::ReasonCode unsubscribe(Connection& connection, std::string_view filter);
  bool finish(Pending& pending);

  Context& c_;
  Interest& interest_;
  SharedMembers& members_;
  RetainedDelivery& retained_;
  Acknowledging& acks_;
  Guard guard_;
  Quotas quotas_;
  RingBuffer<Pending> pending_;
};

}  // namespace sluice::core
