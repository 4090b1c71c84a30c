// SPDX-License-Identifier: Apache-2.0
//
// What a client, a publish and a subscription may be asked for. All fields have a default; write
// down the few that matter.
//
//   sluice::client mq{"mqtt://broker.example", {.client_id = "gw-7", .session_expiry = 24h}};
//   mq.publish("alarm", "on", {.qos = sluice::qos::at_least_once, .retain = true}).detach();
//
// Thread safety: values. Lifetime: callbacks live as long as the client that was given them.
#pragma once

#include <sluice/error.hpp>
#include <sluice/message.hpp>
#include <sluice/result.hpp>
#include <sluice/types.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {
SLUICE_NAMESPACE {
class loop;

/// How a message is published. Texts are the caller's, for as long as the call: so a coroutine of
/// g++ 12, which destroys the temporaries of a co_await twice, may build it in one.
struct publish_options {
  v1::qos qos = v1::qos::at_most_once;           ///< how often it is delivered
  bool retain = false;                           ///< the server keeps it for later subscribers
  std::optional<std::chrono::seconds> expiry{};  ///< it is worthless after that
  std::string_view content_type{};               ///< e.g. "application/json"
  std::string_view response_topic{};             ///< where an answer is wanted
  std::string_view correlation_data{};           ///< what the answer is to repeat
  bool is_text = false;                          ///< the payload is UTF-8, and may be checked
  user_properties_view user_properties{};        ///< the publisher's own
};

/// What a subscription asks for. As publish_options, it holds nothing of its own.
struct subscribe_options {
  v1::qos qos = v1::qos::at_least_once;       ///< the highest that is wanted
  std::size_t queue = 1024;                   ///< messages that wait for next()
  overflow on_full = overflow::backpressure;  ///< what happens when they are as many
  v1::acknowledge acknowledge = v1::acknowledge::when_taken;  ///< when the server is told
  bool no_local = false;                       ///< not what this client publishes (MQTT 5)
  bool retain_as_published = false;            ///< message::retain as published (MQTT 5)
  v1::retained retained = v1::retained::send;  ///< which retained messages are wanted
  user_properties_view user_properties{};      ///< for the server (MQTT 5)
};

/// A message that the server publishes when the client is lost.
struct will {
  std::string topic{};                           ///< where
  std::string payload{};                         ///< what
  v1::qos qos = v1::qos::at_most_once;           ///< how often
  bool retain = false;                           ///< whether the server keeps it
  std::chrono::seconds delay{0};                 ///< how long the client may be away (MQTT 5)
  std::optional<std::chrono::seconds> expiry{};  ///< it is worthless after that (MQTT 5)
  std::string content_type{};                    ///< e.g. "text/plain" (MQTT 5)
  std::string response_topic{};                  ///< where an answer is wanted (MQTT 5)
  std::string correlation_data{};                ///< what the answer is to repeat (MQTT 5)
  v1::user_properties user_properties{};         ///< the client's own (MQTT 5)
};

/// When a lost connection is made again: after `first`, then twice as long each time up to `max`,
/// less a random part.
struct reconnect_options {
  bool enabled = true;                          ///< false: a lost connection is fatal
  std::chrono::milliseconds first{100};         ///< the first wait
  std::chrono::milliseconds max{30'000};        ///< the longest wait
  double jitter = 0.5;                          ///< the random share of a wait, 0 to 1
  std::chrono::milliseconds taken_over{5'000};  ///< at least, when another client took the session
  unsigned refusals_max = 3;  ///< equal refusals, or certificates that are not trusted, in a row
                              ///< until it is fatal; 0: it never is
};

/// When the bytes of a stored message are safe.
enum class durability : std::uint8_t {
  process,  ///< against the end of the process: handed to the operating system
  power,    ///< against a power cut too: on the disk before publish() returns
};

/// Messages that wait to be sent, and where.
struct queue_options {
  std::size_t max_messages = 100'000;        ///< at most so many
  std::size_t max_bytes = 64 * 1024 * 1024;  ///< at most so many bytes, overhead included
  overflow on_full = overflow::drop_newest;  ///< backpressure: publish() waits for room
  std::string path{};  ///< a file: QoS 1 and 2 messages outlive the program; empty: memory
  v1::durability durability = v1::durability::process;  ///< of that file
};

/// Enhanced authentication (MQTT 5).
struct authenticator {
  std::string method{};  ///< e.g. "SCRAM-SHA-256"; empty: none

  /// What to send next, given what the server sent; called with "" for CONNECT. Runs on the loop.
  std::function<result<std::string>(std::string_view server_data)> step{};
};

/// TLS of mqtts:// and wss://. The server's certificate and name are always checked unless
/// `insecure` says otherwise.
struct tls_options {
  std::string ca_file{};      ///< trusted authorities, PEM; empty: the system's
  std::string ca_path{};      ///< a folder of them
  std::string cert_file{};    ///< the client's certificate, PEM
  std::string key_file{};     ///< its key, PEM
  std::string server_name{};  ///< the name that is asked for and checked; empty: the URL's host
  bool insecure = false;      ///< whoever answers is trusted: for tests
};

/// How much a line of the log matters.
enum class log_level : std::uint8_t {
  trace,  ///< packets
  debug,  ///< operations
  info,   ///< connections
  warn,   ///< handled, but wrong
  error,  ///< someone must act
};

/// What a client is like.
struct client_options {
  v1::version version = v1::version::automatic;  ///< what is spoken
  std::string client_id{};                       ///< instead of the URL's; empty: a random one
  std::optional<std::string> user_name{};        ///< instead of the URL's
  std::optional<std::string> password{};         ///< instead of the URL's
  std::chrono::seconds keep_alive{60};           ///< a dead connection is noticed after that

  /// How long the server keeps the session. Unset: an hour, for reconnects of this object; set:
  /// also for the next run of the program under the same client id; 0: not at all.
  std::optional<std::chrono::seconds> session_expiry{};
  bool clean_start = false;               ///< forget at first what an earlier run left there
  std::optional<v1::will> will{};         ///< published when this client is lost
  std::uint16_t inflight_max = 1'000;     ///< QoS 1 and 2 messages sent and not acknowledged
  std::uint16_t receive_maximum = 1'000;  ///< the same in the other direction (MQTT 5)
  std::uint32_t packet_bytes_max = 0;     ///< the largest packet that is taken; 0: any
  std::chrono::milliseconds connect_timeout{10'000};  ///< for each address, and for CONNACK
  std::chrono::milliseconds ping_timeout{10'000};     ///< without an answer a connection is dead
  std::chrono::milliseconds close_timeout{5'000};     ///< for what is unsent when it is closed
  v1::user_properties user_properties{};              ///< for the server (MQTT 5)
  authenticator auth{};                               ///< enhanced authentication (MQTT 5)
  tls_options tls{};                                  ///< for mqtts:// and wss://
  std::string proxy{};        ///< "socks5h://[user[:password]@]host[:port]"; empty: none
  http_headers ws_headers{};  ///< of the request for ws:// and wss://, e.g. Authorization

  /// How many references of servers to others are followed in a row (MQTT 5): user and password go
  /// there too. 0: none; a server that names another is one that refused.
  unsigned server_references_max = 0;
  reconnect_options reconnect{};  ///< when a lost connection is made again
  queue_options offline{};        ///< messages that wait to be sent
  v1::loop* loop = nullptr;       ///< who does the work; none: a thread of the client's own

  /// An exception left a handler. Without it the program is terminated. Runs on the loop.
  std::function<void(std::exception_ptr)> on_error{};
  /// A message came that fits no subscription of this object. Runs on the loop.
  std::function<void(const message&)> on_unmatched{};
  /// A line for the log. Runs on the loop.
  std::function<void(log_level level, std::string_view line)> on_log{};
};

}  // namespace v1
}  // namespace sluice
