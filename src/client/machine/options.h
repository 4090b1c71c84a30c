// SPDX-License-Identifier: Apache-2.0
//
// MachineOptions is what a client wants of its connection: who it is, how long its session lasts,
// what it is willing to receive. Owned values, because a reconnect needs them again.
//
// Spec:    MQTT 5.0 §3.1; MQTT 3.1.1 §3.1.
#pragma once

#include "base/time.h"
#include "codec/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::client {

/// A will in owned bytes; `properties` as codec::Properties::raw.
struct WillOptions {
  std::string topic;
  std::vector<std::uint8_t> payload;
  std::vector<std::uint8_t> properties;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
};

/// Which connections ask the server to forget the session of this client id.
enum class CleanStart : std::uint8_t {
  always,
  first_connection,  ///< a reconnect resumes the session; needs MQTT 5 and a session expiry
  never,
};

/// What the client holds of a session that the server says it still has.
enum class PriorSession : std::uint8_t {
  none,     ///< nothing: a Session Present of 1 at the first connection is an error
  resumed,  ///< of an earlier run of the program; `restored` was in flight
};

/// A QoS 1 or 2 publish of an earlier run of the program that waits for its answer.
struct RestoredPublish {
  enum class Phase : std::uint8_t {
    published,  ///< its PUBLISH was sent
    received,   ///< the server has taken it over: only PUBREL is to be sent
  };
  codec::PacketId packet_id = 0;
  Phase phase = Phase::published;
  codec::Qos qos = codec::Qos::at_least_once;
  bool retain = false;
  std::string topic;
  std::vector<std::uint8_t> payload;
  std::vector<std::uint8_t> properties;  ///< as codec::Properties::raw
};

/// What becomes of unacknowledged publishes when the server has lost the session.
enum class SessionLoss : std::uint8_t {
  discard,        ///< each is reported by on_lost()
  publish_again,  ///< they are sent as new messages, in order, under their identifiers
};

/// Who says that a QoS 1 or 2 message was taken.
enum class Acknowledge : std::uint8_t {
  automatically,  ///< the machine, when on_message() has returned
  manually,       ///< the caller, by acknowledge()
};

struct MachineOptions {
  codec::Version version = codec::Version::v5;
  bool is_bridge = false;
  CleanStart clean_start = CleanStart::always;
  PriorSession prior_session = PriorSession::none;
  SessionLoss session_loss = SessionLoss::discard;
  Acknowledge acknowledge = Acknowledge::automatically;
  std::string client_id;
  std::optional<std::string> user_name;
  std::optional<std::string> password;
  std::optional<WillOptions> will;
  std::uint16_t keep_alive_s = 60;         ///< 0: no pings
  std::uint32_t session_expiry_s = 0;      ///< MQTT 5; 0xFFFFFFFF: never
  std::uint16_t receive_maximum = 65'535;  ///< MQTT 5: QoS > 0 messages that we take at once
  std::uint32_t packet_bytes_max = 0;      ///< the largest packet that we take; 0: the protocol's
  std::uint16_t topic_alias_max = 0;       ///< MQTT 5: aliases that the server may use
  std::uint16_t inflight_max = 1'000;      ///< QoS > 0 messages that we send unacknowledged
  /// Further CONNECT properties as codec::Properties::raw: user properties, authentication,
  /// request information. None of those that have a field above.
  std::vector<std::uint8_t> connect_properties;
  /// Of an earlier run, in the order of sending; with PriorSession::resumed. Their identifiers
  /// follow each other as the machine has given them.
  std::vector<RestoredPublish> restored;
  Duration connect_timeout = 30s;  ///< from on_opened() to CONNACK
  Duration ping_timeout = 10s;     ///< from PINGREQ until any byte comes
};

}  // namespace sluice::client
