// SPDX-License-Identifier: Apache-2.0
//
// How a client's connection stands, and what it has done.
//
//   mq.on_state([](const sluice::connection_state& now) {
//     if (auto* lost = std::get_if<sluice::disconnected>(&now)) log(lost->why.text);
//   });
//
// Thread safety: values. Lifetime: none to mind.
#pragma once

#include <sluice/error.hpp>
#include <sluice/types.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

namespace sluice {
SLUICE_NAMESPACE {
/// A connection is being made.
struct connecting {
  unsigned attempt = 1;  ///< since the last connection
};

/// The server has accepted the client.
struct connected {
  bool session_present = false;                  ///< the server has kept the session
  v1::version version = v1::version::automatic;  ///< what is spoken
  std::string client_id{};                       ///< as given, or as the server assigned it
  std::string server{};                          ///< its host and port, or the path of its socket
};

/// There is no connection now.
struct disconnected {
  error why{};                            ///< what ended the last one, or kept it from beginning
  std::chrono::milliseconds retry_in{0};  ///< the next attempt comes after that
  unsigned attempt = 0;                   ///< attempts that failed since the last connection
  std::string referred_to{};              ///< the server that this one named, and is tried now
};

/// There will be no connection any more; all operations fail.
struct fatal {
  error why{};  ///< what made it hopeless
};

/// The client was closed by its user.
struct closed {};

/// How a client's connection stands.
using connection_state = std::variant<connecting, connected, disconnected, fatal, closed>;

/// What a client has done since it was made.
struct client_metrics {
  std::uint64_t connects = 0;            ///< connections that the server accepted
  std::uint64_t disconnects = 0;         ///< of these, that were lost
  std::uint64_t messages_queued = 0;     ///< that wait to be sent now
  std::uint64_t bytes_queued = 0;        ///< that they take, overhead included
  std::uint64_t messages_in_flight = 0;  ///< of QoS 1 and 2, sent and not acknowledged now
  std::uint64_t messages_sent = 0;       ///< that were written to a connection, repeats not counted
  std::uint64_t messages_acknowledged = 0;  ///< of QoS 1 and 2
  std::uint64_t messages_refused = 0;       ///< by the server, or for a bad topic
  std::uint64_t messages_dropped = 0;       ///< by a full queue, or expired in it
  std::uint64_t messages_received = 0;      ///< that came
  std::uint64_t messages_unmatched = 0;     ///< of these, that fit no subscription
  std::uint64_t messages_overflowed = 0;    ///< of these, dropped by a subscription's full queue
};

}  // namespace v1
}  // namespace sluice
