// SPDX-License-Identifier: Apache-2.0
//
// MQTT packets that own what they hold, for scripts that read like the exchange:
//   client.send(Connect{.client_id = "a", .keep_alive_s = 10});
//   client.expect(Connack{});
// encode() gives a client's bytes, decode() reads what the broker sent.
//
// Spec:    MQTT 5.0 §3, MQTT 3.1.1 §3.
#pragma once

#include "codec/codec.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sluice::testing {

inline constexpr auto v3 = codec::Version::v3_1_1;
inline constexpr auto v5 = codec::Version::v5;
inline constexpr auto qos_0 = codec::Qos::at_most_once;
inline constexpr auto qos_1 = codec::Qos::at_least_once;
inline constexpr auto qos_2 = codec::Qos::exactly_once;

/// As a CONNACK has it.
constexpr std::uint8_t code(codec::ReasonCode reason) { return static_cast<std::uint8_t>(reason); }

using Bytes = std::vector<std::uint8_t>;
using codec::PacketId;
using codec::PacketType;
using codec::PropertyId;
using codec::Qos;
using codec::ReasonCode;
using codec::RetainHandling;
using codec::Version;

/// Properties in the order they were added.
class Props {
 public:
  Props() = default;
  explicit Props(ByteView raw) : bytes_(raw.begin(), raw.end()) {}

  Props& number(PropertyId id, std::uint32_t value);
  Props& text(PropertyId id, std::string_view value);
  Props& binary(PropertyId id, std::string_view value);
  Props& user(std::string_view name, std::string_view value);

  codec::Properties view() const { return codec::Properties::of_checked(bytes_); }
  bool empty() const { return bytes_.empty(); }
  bool has(PropertyId id) const { return view().has(id); }
  std::uint32_t number(PropertyId id) const { return view().number(id).value_or(0); }
  std::string text(PropertyId id) const { return std::string(view().text(id).value_or("")); }
  bool operator==(const Props&) const = default;

 private:
  template <class Write>
  Props& add(std::size_t bytes_max, Write&& write);

  Bytes bytes_;
};

struct Will {
  std::string topic;
  std::string payload{};
  Qos qos = Qos::at_most_once;
  bool retain = false;
  Props props{};
};

struct Connect {
  Version version = Version::v5;
  std::string client_id{};
  bool clean_start = true;
  std::uint16_t keep_alive_s = 0;
  Props props{};
  std::optional<Will> will{};
  std::optional<std::string> user_name{};
  std::optional<std::string> password{};
};

struct Connack {
  bool session_present = false;
  std::uint8_t code = 0;
  Props props{};
};

struct Publish {
  std::string topic{};
  std::string payload{};
  Qos qos = Qos::at_most_once;
  bool retain = false;
  bool dup = false;
  PacketId packet_id = 0;
  Props props{};
};

template <PacketType type_of_ack>
struct OwnedAck {
  PacketId packet_id = 0;
  ReasonCode reason = ReasonCode::success;
  Props props{};
};
using Puback = OwnedAck<PacketType::puback>;
using Pubrec = OwnedAck<PacketType::pubrec>;
using Pubrel = OwnedAck<PacketType::pubrel>;
using Pubcomp = OwnedAck<PacketType::pubcomp>;

struct Filter {
  std::string filter;
  Qos qos = Qos::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::send;
};

struct Subscribe {
  PacketId packet_id = 1;
  std::vector<Filter> filters{};
  Props props{};
};

struct Suback {
  PacketId packet_id = 1;
  std::vector<std::uint8_t> codes{};
  Props props{};
};

struct Unsubscribe {
  PacketId packet_id = 1;
  std::vector<std::string> filters{};
};

struct Unsuback {
  PacketId packet_id = 1;
  std::vector<std::uint8_t> codes{};
  Props props{};
};

struct Pingreq {};
struct Pingresp {};

struct Disconnect {
  ReasonCode reason = ReasonCode::normal_disconnection;
  Props props{};
};

struct Auth {
  ReasonCode reason = ReasonCode::success;
  Props props{};
};

/// What a broker may send.
using Received = std::variant<Connack, Publish, Puback, Pubrec, Pubrel, Pubcomp, Suback, Unsuback,
                              Pingresp, Disconnect, Auth>;

Bytes encode(const Connect& packet, Version version);
Bytes encode(const Publish& packet, Version version);
Bytes encode(const Puback& packet, Version version);
Bytes encode(const Pubrec& packet, Version version);
Bytes encode(const Pubrel& packet, Version version);
Bytes encode(const Pubcomp& packet, Version version);
Bytes encode(const Subscribe& packet, Version version);
Bytes encode(const Unsubscribe& packet, Version version);
Bytes encode(const Pingreq& packet, Version version);
Bytes encode(const Disconnect& packet, Version version);
Bytes encode(const Auth& packet, Version version);

/// The packet at the front of `stream`, which loses it; nothing if it is not whole. Bytes that no
/// broker may send end the test program.
std::optional<Received> decode(ByteView& stream, Version version);

/// One line, for messages of failed tests.
std::string to_text(const Received& packet);

/// Whether a packet is what a script expects. Properties of CONNACK, DISCONNECT and of
/// acknowledgements, and packet identifiers, count only where the script names some.
bool is_expected(const Received& expected, const Received& actual);

}  // namespace sluice::testing
