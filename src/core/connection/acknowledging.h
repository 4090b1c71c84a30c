// SPDX-License-Identifier: Apache-2.0
//
// Acknowledging sends what a client waits for (PUBACK, PUBREC, PUBCOMP, SUBACK, UNSUBACK) at once,
// or, if it stands for a change that the log has not got yet, when the log has; in either case in
// the order in which it was called.
//
// Owner:   Shard.      Thread: its shard's.
// Spec:    MQTT 5.0 §4.6.
#pragma once

#include "codec/codec.h"
#include "core/connection/closing.h"
#include "core/shard/context.h"

#include <algorithm>

namespace sluice::core {

class Acknowledging {
 public:
  Acknowledging(Context& context, Closing& closing) : c_(context), closing_(closing) {}

  /// `changes`: of the journal, before what is acknowledged was done. It waits until that is as
  /// safe as `durability` says. False if the connection is gone: an answer that the client's
  /// Maximum Packet Size forbids ends it.
  template <class Packet>
  bool send(Connection& connection, const Packet& packet, std::uint64_t changes,
            Durability durability) {
    Output& output = c_.effects.output;
    const bool is_safe = c_.journal.changes() == changes || durability == Durability::memory;
    const bool is_free = is_safe && connection.held == 0;
    if constexpr (requires {
                    packet.reason;
                    packet.packet_id;
                  }) {
      if (is_free && packet.properties.is_empty() && connection.packet_bytes_max >= 4 &&
          (packet.reason == codec::ReasonCode::success ||
           connection.version != codec::Version::v5)) {
        send_plain(connection.id, Packet::type, packet.packet_id);
        return true;
      }
    }
    const std::size_t bound = codec::encoded_size(packet, connection.version);
    // [MQTT5-3.1.2-24]
    // [MQTT5-3.4.2-2] [MQTT5-3.4.2-3] [MQTT5-3.5.2-2] [MQTT5-3.5.2-3] [MQTT5-3.6.2-2]
    // [MQTT5-3.6.2-3] [MQTT5-3.7.2-2] [MQTT5-3.7.2-3] [MQTT5-3.9.2-1] [MQTT5-3.9.2-2]
    // [MQTT5-3.11.2-1] [MQTT5-3.11.2-2] [MQTT5-3.1.2-29]
    if (bound > connection.packet_bytes_max) {
      closing_.close(connection, CloseCause::packet_too_large, codec::ReasonCode::packet_too_large,
                     "the answer is larger than the client's Maximum Packet Size");
      return false;
    }
    ++c_.metrics.packets_sent[static_cast<std::size_t>(Packet::type)];
    if (is_free) {
      const auto size = codec::encode(packet, connection.version, output.reserve_ack(bound));
      SLUICE_ASSERT(size.has_value());
      output.send(connection.id, output.commit_ack(*size));
      return true;
    }
    std::vector<std::uint8_t> bytes(bound);
    const auto size = codec::encode(packet, connection.version, bytes);
    SLUICE_ASSERT(size.has_value());
    bytes.resize(*size);
    ++connection.held;
    // Not before one that waits for the disk.
    const bool is_for_disk =
        connection.held_for_disk > 0 || (!is_safe && durability == Durability::fsync);
    if (is_for_disk) ++connection.held_for_disk;
    c_.journal.hold({.ticket = c_.journal.ticket(),
                     .conn = connection.id,
                     .session = connection.session,
                     .kind = Held::Kind::acknowledgement,
                     .until = is_for_disk ? Durability::fsync : Durability::os,
                     .bytes = std::move(bytes)});
    return true;
  }

  void on_durable(const Held& held) {
    Connection* connection = c_.connections.find(held.conn);
    if (connection == nullptr) return;
    --connection->held;
    if (held.until == Durability::fsync) --connection->held_for_disk;
    Output& output = c_.effects.output;
    const MutableByteView place = output.reserve_ack(held.bytes.size());
    std::ranges::copy(held.bytes, place.begin());
    output.send(held.conn, output.commit_ack(held.bytes.size()));
  }

 private:
  // The four bytes that say success in every version.
  void send_plain(ConnId id, codec::PacketType type, codec::PacketId packet_id) {
    const unsigned flags = type == codec::PacketType::pubrel ? 2 : 0;
    Output& output = c_.effects.output;
    std::uint8_t* out = output.reserve_ack(4).data();
    out[0] = static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4 | flags);
    out[1] = 2;
    out[2] = static_cast<std::uint8_t>(packet_id >> 8);
    out[3] = static_cast<std::uint8_t>(packet_id);
    output.send(id, output.commit_ack(4));
    ++c_.metrics.packets_sent[static_cast<std::size_t>(type)];
  }

  Context& c_;
  Closing& closing_;
};

}  // namespace sluice::core
