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
#include "core/shard/context.h"

#include <algorithm>

namespace sluice::core {

class Acknowledging {
 public:
  explicit Acknowledging(Context& context) : c_(context) {}

  /// `changes`: of the journal, before what is acknowledged was done.
  template <class Packet>
  void send(Connection& connection, const Packet& packet, std::uint64_t changes) {
    Output& output = c_.effects.output;
    const std::size_t bound = codec::encoded_size(packet, connection.version);
    if (c_.journal.changes() == changes && connection.held == 0) {
      const auto size = codec::encode(packet, connection.version, output.reserve(bound));
      SLUICE_ASSERT(size.has_value());
      output.send(connection.id, output.commit(*size));
      return;
    }
    std::vector<std::uint8_t> bytes(bound);
    const auto size = codec::encode(packet, connection.version, bytes);
    SLUICE_ASSERT(size.has_value());
    bytes.resize(*size);
    ++connection.held;
    c_.journal.hold({.ticket = c_.journal.ticket(),
                     .conn = connection.id,
                     .session = connection.session,
                     .kind = Held::Kind::acknowledgement,
                     .bytes = std::move(bytes)});
  }

  void on_durable(const Held& held) {
    Connection* connection = c_.connections.find(held.conn);
    if (connection == nullptr) return;
    --connection->held;
    Output& output = c_.effects.output;
    const MutableByteView place = output.reserve(held.bytes.size());
    std::ranges::copy(held.bytes, place.begin());
    output.send(held.conn, output.commit(held.bytes.size()));
  }

 private:
  Context& c_;
};

}  // namespace sluice::core
