// SPDX-License-Identifier: Apache-2.0
//
// A Connection is one network connection as the protocol sees it: how far the handshake is, what
// the client announced, its keep-alive clock, topic aliases of both directions, and the bytes of a
// packet that has not arrived whole.
//
// Owner:   Connections (exactly one).      Thread: its shard's.
// Never:   sockets; the driver has them under the same ConnId.
// Limits:  mqtt.* options; 450 B for an idle one, its session included.
// Spec:    MQTT 5.0 §3.1, §3.2.
#pragma once

#include "base/peer.h"
#include "base/result.h"
#include "base/shared_bytes.h"
#include "base/slab.h"
#include "base/time.h"
#include "codec/types.h"
#include "core/access/authentication.h"
#include "core/access/entrance.h"
#include "core/connection/client_rates.h"
#include "core/connection/topic_aliases.h"
#include "core/ids.h"
#include "core/message/durability.h"
#include "core/timer/timer_wheel.h"

#include <cstdint>
#include <memory>
#include <string>

namespace sluice::core {

enum class ConnectionState : std::uint8_t {
  awaiting_connect,
  awaiting_auth,         ///< credentials are being checked
  awaiting_auth_packet,  ///< the client has been challenged
  awaiting_log,          ///< CONNECT is accepted; CONNACK waits until the session is safe
  connected,
};

/// Why a connection ended, for logs, metrics, and whether the will is published.
enum class CloseCause : std::uint8_t {
  client,            ///< DISCONNECT
  client_with_will,  ///< DISCONNECT 0x04
  connection_lost,
  connect_timeout,
  keep_alive_timeout,
  write_timeout,
  malformed_packet,
  protocol_error,
  packet_too_large,
  limit,
  session_taken_over,
  not_authorized,  ///< its right to be here has ended
  administrative_action,
  server_shutting_down,
  refused,  ///< CONNECT was not accepted
};
const char* to_string(CloseCause cause) noexcept;
/// CONNECT has not come, or is not accepted yet.
constexpr bool is_handshake(ConnectionState state) noexcept {
  return state < ConnectionState::awaiting_log;
}
/// What an error of the decoder means for the connection it came by.
CloseCause close_cause_of(const Error& error) noexcept;

struct Connection {
  ConnId id;
  SessionSlot session = no_session;
  Instant last_received{};  ///< of the last whole packet
  Instant opened{};
  TimerId timer;                                 ///< connect timeout, then keep-alive
  std::uint32_t packet_bytes_max = 0xffffffffU;  ///< the client's Maximum Packet Size
  std::uint16_t receive_maximum = 65535;         ///< the client's
  std::uint16_t keep_alive_s = 0;
  std::uint16_t unreleased = 0;     ///< its QoS 1 and 2 messages that we have not acknowledged
  std::uint16_t in_flight = 0;      ///< QoS 1 and 2 messages sent to it, not acknowledged by it
  std::uint16_t held = 0;           ///< acknowledgements that wait for the log
  std::uint16_t held_for_disk = 0;  ///< those of them that wait for the disk
  codec::Version version = codec::Version::v3_1_1;
  ConnectionState state = ConnectionState::awaiting_connect;
  bool has_topic_work = false;  ///< a PUBLISH of it may hold an alias, or has to be mounted
  bool wants_problem_information : 1 = true;
  bool is_paused : 1 = false;   ///< the driver was told not to read
  bool is_waiting : 1 = false;  ///< in the list of those with bytes to go on with
  bool is_clean : 1 = true;
  bool is_counted : 1 = false;                    ///< the census knows it
  Durability durability = Durability::fsync;      ///< of what it does, as its listener says
  EntranceId entrance{};                          ///< the listener it came by
  std::uint32_t session_expiry_s = 0;             ///< as granted in CONNECT
  std::uint32_t inbound_bytes_max = 0xffffffffU;  ///< what we take, as its listener says
  std::unique_ptr<GrowingBytes> carry;            ///< bytes not processed yet
  std::unique_ptr<std::string> identity;          ///< proved by its transport, until CONNECT
  std::unique_ptr<ClientRates> rates;             ///< where client.* asks for them
  std::unique_ptr<InboundAliases> inbound_aliases;
  std::unique_ptr<TopicChanges> topic_changes;  ///< on the way out, and mounts on the way in
  std::unique_ptr<PendingAuth> auth;            ///< while credentials are checked, or by a method
  Peer peer;
};

inline std::string_view mount_of(const Connection& connection) {
  return connection.topic_changes ? std::string_view(connection.topic_changes->mount)
                                  : std::string_view();
}

/// The connections of a shard, under the slots of their ConnIds.
class Connections {
 public:
  Connection* find(ConnId id) {
    if (id.slot >= slots_.size()) return nullptr;
    Connection* connection = slab_.find(slots_[id.slot]);
    return connection != nullptr && connection->id == id ? connection : nullptr;
  }
  Connection& at(ConnId id) {
    Connection* connection = find(id);
    SLUICE_ASSERT(connection != nullptr);
    return *connection;
  }
  Connection& open(ConnId id);
  void close(ConnId id);
  std::uint32_t size() const { return slab_.size(); }
  /// Visits every connection in the order of their places; `visit` may close the one it is given.
  template <class Visitor>
  void for_each(Visitor&& visit) {
    for (std::uint32_t i = 0; i < slab_.end(); ++i)
      if (Connection* connection = slab_.find(i)) visit(*connection);
  }
  std::size_t bytes() const { return slab_.bytes() + slots_.capacity() * sizeof(std::uint32_t); }

 private:
  static constexpr std::uint32_t none = 0xffffffffU;
  Slab<Connection> slab_;
  std::vector<std::uint32_t> slots_;  // by ConnId::slot: the place in slab_
};

}  // namespace sluice::core
