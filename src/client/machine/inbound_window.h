// SPDX-License-Identifier: Apache-2.0
//
// An InboundWindow remembers what a client has received and not finished: identifiers of QoS 2
// messages until their PUBREL, and, where the user acknowledges by hand, deliveries in order:
// acknowledgements leave in the order of the messages, however the user gives them.
//
// Owner:   ClientMachine.      Thread: its owner's.
// Limits:  the Receive Maximum that we announced; 8 KiB for identifiers once QoS 2 was seen.
// Spec:    MQTT 5.0 §3.3.4, §4.3.3, §4.6.
#pragma once

#include "client/machine/events.h"
#include "codec/reason_code.h"
#include "codec/types.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace sluice::client {

class InboundWindow {
 public:
  /// A message whose PUBACK or PUBREC the user has still to give.
  struct Pending {
    DeliveryId delivery = DeliveryId::none;
    codec::PacketId packet_id = 0;
    codec::Qos qos = codec::Qos::at_least_once;
    bool is_done = false;  ///< the user has acknowledged it
    bool is_here = true;   ///< came on this connection: its answer may be sent
    codec::ReasonCode reason = codec::ReasonCode::success;
  };

  /// Messages of QoS 1 and 2 that have neither a PUBACK nor a PUBREC.
  std::size_t unanswered() const { return pending_.size(); }

  /// True if a QoS 2 message of this identifier was delivered and not released.
  bool is_unreleased(codec::PacketId id) const;
  void add_unreleased(codec::PacketId id);
  /// False if there was none.
  bool remove_unreleased(codec::PacketId id);

  DeliveryId add_pending(codec::PacketId id, codec::Qos qos);
  /// The pending QoS 2 message of this identifier that came again on this connection, or null.
  Pending* find_pending(codec::PacketId id);
  /// False if there is no such delivery: it was acknowledged, or its connection is gone.
  bool acknowledge(DeliveryId delivery, codec::ReasonCode reason);
  /// The oldest pending message if its acknowledgement may leave now; it is removed.
  std::optional<Pending> take_ready();

  /// The connection is gone: QoS 1 messages will come again as new ones.
  void on_connection_lost();
  void clear();

 private:
  std::vector<std::uint64_t> bits_;  ///< one for each identifier, empty until QoS 2 is seen
  std::deque<Pending> pending_;
  std::uint64_t last_delivery_ = 0;
};

}  // namespace sluice::client
