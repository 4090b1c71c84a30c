// SPDX-License-Identifier: Apache-2.0
//
// What can go wrong: errc says what, reason_code what the server said, error both with a sentence.
//
//   auto acknowledged = mq.publish("a", "x", {.qos = sluice::qos::at_least_once}).get();
//   if (!acknowledged) std::cerr << acknowledged.error().text << '\n';
//   if (!acknowledged && acknowledged.error().code == sluice::errc::timed_out) retry();
//
// Thread safety: values. Lifetime: none to mind.
#pragma once

#include <sluice/config.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <system_error>

namespace sluice {
SLUICE_NAMESPACE {
/// What went wrong.
enum class errc : std::uint8_t {
  ok,                ///< nothing
  invalid_argument,  ///< a topic, filter, option or URL is not allowed
  refused,           ///< the server said no; error::reason says why
  not_connected,     ///< there is no connection, and the operation does not wait for one
  connection_lost,   ///< the connection was lost before the answer came
  timed_out,         ///< the time given by within() or get_for() is over
  cancelled,         ///< a stop token said so
  queue_full,        ///< the queue of unsent messages is full
  dropped,           ///< the message had to make room in a full queue
  expired,           ///< the message's expiry passed before it could be sent
  packet_too_large,  ///< the server takes no packet of this size
  unsupported,       ///< this version of MQTT, or this server, cannot do that
  protocol_error,    ///< the server broke the protocol
  unreachable,       ///< no host of the URL can be reached
  would_deadlock,    ///< get() on the thread of the loop, where nothing else could go on
  closed,            ///< the client or the subscription is closed
  io_error,          ///< the operating system reported an error
};

/// What MQTT 5 servers and clients answer; those below 0x80 are successes. What an MQTT 3.x
/// server says is translated.
enum class reason_code : std::uint8_t {
  success = 0x00,                                 ///< Success
  granted_qos_1 = 0x01,                           ///< Granted QoS 1
  granted_qos_2 = 0x02,                           ///< Granted QoS 2
  disconnect_with_will = 0x04,                    ///< Disconnect with Will Message
  no_matching_subscribers = 0x10,                 ///< No matching subscribers
  no_subscription_existed = 0x11,                 ///< No subscription existed
  continue_authentication = 0x18,                 ///< Continue authentication
  re_authenticate = 0x19,                         ///< Re-authenticate
  unspecified_error = 0x80,                       ///< Unspecified error
  malformed_packet = 0x81,                        ///< Malformed Packet
  protocol_error = 0x82,                          ///< Protocol Error
  implementation_specific_error = 0x83,           ///< Implementation specific error
  unsupported_protocol_version = 0x84,            ///< Unsupported Protocol Version
  client_identifier_not_valid = 0x85,             ///< Client Identifier not valid
  bad_user_name_or_password = 0x86,               ///< Bad User Name or Password
  not_authorized = 0x87,                          ///< Not authorized
  server_unavailable = 0x88,                      ///< Server unavailable
  server_busy = 0x89,                             ///< Server busy
  banned = 0x8A,                                  ///< Banned
  server_shutting_down = 0x8B,                    ///< Server shutting down
  bad_authentication_method = 0x8C,               ///< Bad authentication method
  keep_alive_timeout = 0x8D,                      ///< Keep Alive timeout
  session_taken_over = 0x8E,                      ///< Session taken over
  topic_filter_invalid = 0x8F,                    ///< Topic Filter invalid
  topic_name_invalid = 0x90,                      ///< Topic Name invalid
  packet_identifier_in_use = 0x91,                ///< Packet Identifier in use
  packet_identifier_not_found = 0x92,             ///< Packet Identifier not found
  receive_maximum_exceeded = 0x93,                ///< Receive Maximum exceeded
  topic_alias_invalid = 0x94,                     ///< Topic Alias invalid
  packet_too_large = 0x95,                        ///< Packet too large
  message_rate_too_high = 0x96,                   ///< Message rate too high
  quota_exceeded = 0x97,                          ///< Quota exceeded
  administrative_action = 0x98,                   ///< Administrative action
  payload_format_invalid = 0x99,                  ///< Payload format invalid
  retain_not_supported = 0x9A,                    ///< Retain not supported
  qos_not_supported = 0x9B,                       ///< QoS not supported
  use_another_server = 0x9C,                      ///< Use another server
  server_moved = 0x9D,                            ///< Server moved
  shared_subscriptions_not_supported = 0x9E,      ///< Shared Subscriptions not supported
  connection_rate_exceeded = 0x9F,                ///< Connection rate exceeded
  maximum_connect_time = 0xA0,                    ///< Maximum connect time
  subscription_identifiers_not_supported = 0xA1,  ///< Subscription Identifiers not supported
  wildcard_subscriptions_not_supported = 0xA2,    ///< Wildcard Subscriptions not supported
};

/// The standard's name of the code, e.g. "Not authorized".
SLUICE_PUBLIC const char* to_string(reason_code code) noexcept;
/// The category of errc values as std::error_code.
SLUICE_PUBLIC const std::error_category& mqtt_category() noexcept;
/// An errc as std::error_code.
inline std::error_code make_error_code(errc code) noexcept {
  return {static_cast<int>(code), mqtt_category()};
}

/// What went wrong, and why.
struct error {
  errc code = errc::ok;                       ///< what
  reason_code reason = reason_code::success;  ///< what the server said, if it did
  std::string text{};                         ///< a sentence for people

  /// The code for interfaces of the standard library.
  std::error_code to_error_code() const noexcept { return make_error_code(code); }
};

/// What result::value() throws if there is no value.
class SLUICE_PUBLIC mqtt_error : public std::runtime_error {
 public:
  /// An exception of that error.
  explicit mqtt_error(error why);
  mqtt_error(const mqtt_error&) noexcept = default;             ///< copies
  mqtt_error& operator=(const mqtt_error&) noexcept = default;  ///< copies
  ~mqtt_error() override;
  /// What went wrong.
  errc code() const noexcept { return code_; }
  /// What the server said, if it did.
  reason_code reason() const noexcept { return reason_; }

 private:
  errc code_;
  reason_code reason_;
};

}  // namespace v1
}  // namespace sluice

/// @cond
template <>
struct std::is_error_code_enum<sluice::v1::errc> : std::true_type {};
/// @endcond
