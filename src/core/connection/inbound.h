// SPDX-License-Identifier: Apache-2.0
//
// Inbound cuts a connection's bytes into packets and hands each to the part that knows it. Bytes
// are parsed where the driver read them; what is left of a packet that was cut, or of a connection
// that must wait (its CONNACK is not out, the turn is full, another shard is congested), is carried
// over.
//
// Owner:   Shard.      Thread: its shard's.
// Limits:  mqtt.packet_bytes_max, mqtt.packet_bytes_max_before_connect, limits.turn_*.
// Spec:    MQTT 5.0 §2, §4.13.
#pragma once

#include "core/connection/authenticating.h"
#include "core/connection/handshake.h"
#include "core/connection/publishing.h"
#include "core/connection/rate_guard.h"
#include "core/connection/subscribing.h"

#include <vector>

namespace sluice::core {

class Inbound {
 public:
  struct Parts {
    Authenticating& auth;
    Handshake& handshake;
    Publishing& publishing;
    Subscribing& subscribing;
    Closing& closing;
  };
  Inbound(Context& context, const Parts& parts)
      : c_(context),
        auth_(parts.auth),
        handshake_(parts.handshake),
        publishing_(parts.publishing),
        subscribing_(parts.subscribing),
        closing_(parts.closing),
        rates_(context) {}

  /// REQUIRES: `bytes` stay valid and unchanged until the turn ends.
  void on_bytes(Connection& connection, ByteView bytes);
  /// Goes on with connections that had to wait, in the order they began to.
  void go_on();
  bool has_work() const { return can_go_on_ && !waiting_.empty(); }
  /// A reason to wait may be gone.
  void wake() { can_go_on_ = true; }

 private:
  enum class Step : std::uint8_t { go_on, wait, gone };

  /// Handles whole packets; what is left of `bytes` is returned, unless the connection is gone.
  Step consume(Connection& connection, ByteView& bytes, bool is_stable);
  Step fill_carry(Connection& connection, ByteView& bytes);
  /// Handles the one packet that `bytes` begin with, if it is whole.
  Step consume_one(Connection& connection, ByteView& bytes, bool is_stable);
  void look_ahead(const Connection& connection, ByteView bytes);
  Step on_packet(Connection& connection, codec::PacketType type, PacketBytes& packet);
  Step on_plain_ack(Connection& connection, codec::PacketType type, codec::PacketId packet_id);
  Step on_first_packet(Connection& connection, const PacketBytes& packet, ByteView rest);
  Step on_auth_packet(Connection& connection, const PacketBytes& packet);
  Step on_decoded(Connection& connection, const codec::Packet& packet);
  Step on_client_disconnect(Connection& connection, const codec::Disconnect& disconnect);
  Step fail(Connection& connection, const Error& error);
  void carry(Connection& connection, ByteView bytes);
  void wait(Connection& connection);
  bool must_wait(Connection& connection);
  bool must_hold(const Connection& connection, std::uint8_t first_byte) const;
  codec::DecodeLimits limits() const;

  Context& c_;
  Authenticating& auth_;
  Handshake& handshake_;
  Publishing& publishing_;
  Subscribing& subscribing_;
  Closing& closing_;
  RateGuard rates_;
  std::vector<ConnId> waiting_;
  std::vector<ConnId> round_;
  bool can_go_on_ = false;
  std::uint64_t cold_walks_ = 0;             ///< as of the last look ahead
  const std::uint8_t* looked_at_ = nullptr;  ///< how far, of the bytes that are being consumed
};

}  // namespace sluice::core
