// SPDX-License-Identifier: Apache-2.0
//
// RateGuard holds each client to the rates of client.*: who publishes or subscribes faster waits
// unread, and for who receives faster QoS 0 messages are dropped and others wait in its queue.
// Without such options it costs one comparison a packet.
//
// Owner:   the parts of a shard that ask.      Thread: its shard's.
// Limits:  client.*_per_s and their bursts.
#pragma once

#include "codec/types.h"
#include "core/shard/context.h"

#include <cstddef>

namespace sluice::core {

class RateGuard {
 public:
  explicit RateGuard(Context& context) : c_(context) {}

  /// A packet of the client was taken.
  void note_packet(Connection& connection, codec::PacketType type, std::size_t bytes) {
    if (c_.has_client_rates) [[unlikely]]
      count(connection, type, bytes);
  }
  /// Whether the client has to wait; the timer that ends that is set.
  bool must_wait(Connection& connection) {
    return c_.has_client_rates && connection.rates != nullptr && is_ahead(connection);
  }
  /// Whether one more message may leave for it now.
  bool may_deliver(Connection& connection) {
    return !c_.has_client_rates || is_delivery_free(connection);
  }
  void note_delivery(Connection& connection) {
    if (c_.has_client_rates) [[unlikely]]
      count_delivery(connection);
  }
  /// Messages wait for the rate: the timer timer_rate ends that.
  void wake_for_delivery(Connection& connection);

 private:
  void count(Connection& connection, codec::PacketType type, std::size_t bytes);
  bool is_ahead(Connection& connection);
  bool is_delivery_free(Connection& connection) const;
  void count_delivery(Connection& connection);
  void wake_at(Connection& connection, Instant at);

  Context& c_;
};

}  // namespace sluice::core
