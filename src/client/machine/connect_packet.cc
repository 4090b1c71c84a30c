// SPDX-License-Identifier: Apache-2.0
#include "client/machine/connect_packet.h"

#include "codec/codec.h"
#include "codec/topic.h"
#include "codec/utf8.h"

namespace sluice::client {
namespace {

using codec::PropertyId;
using codec::PropertyPlace;

/// The fixed-size properties take 2 + 4·5 bytes at most.
constexpr std::size_t own_properties_bytes = 32;

Result<codec::Properties> write_properties(const MachineOptions& options,
                                           std::vector<std::uint8_t>& buffer) {
  buffer.resize(options.connect_properties.size() + own_properties_bytes);
  codec::PropertyWriter writer(buffer);
  if (options.session_expiry_s != 0) {
    writer.number(PropertyId::session_expiry_interval, options.session_expiry_s);
  }
  if (options.receive_maximum != 65'535) {
    writer.number(PropertyId::receive_maximum, options.receive_maximum);
  }
  if (options.packet_bytes_max != 0) {
    writer.number(PropertyId::maximum_packet_size, options.packet_bytes_max);
  }
  if (options.topic_alias_max != 0) {
    writer.number(PropertyId::topic_alias_maximum, options.topic_alias_max);
  }
  writer.append(codec::Properties::of_checked(options.connect_properties));
  return writer.finish();
}

Failure refuse(const char* detail) { return fail(ErrorCode::invalid_argument, detail); }

// Each of these has a length of two bytes in front.
Result<void> check_lengths(const MachineOptions& options) {
  constexpr std::size_t most = 65'535;
  const auto size_of = [](const std::optional<std::string>& text) {
    return text ? text->size() : 0;
  };
  if (options.client_id.size() > most) return refuse("the client id is longer than 65,535 bytes");
  if (size_of(options.user_name) > most) return refuse("the user name is longer than 65,535 bytes");
  if (size_of(options.password) > most) return refuse("the password is longer than 65,535 bytes");
  if (options.will && options.will->payload.size() > most)
    return refuse("the payload of the will is longer than 65,535 bytes");
  return {};
}

}  // namespace

Result<void> write_connect(const MachineOptions& options, const ConnectChoice& choice,
                           OutputBuffer& output) {
  codec::Connect connect{.version = options.version,
                         .is_bridge = options.is_bridge,
                         .clean_start = choice.clean_start,
                         .keep_alive_s = options.keep_alive_s,
                         .properties = {},
                         .client_id = choice.client_id,
                         .will = std::nullopt,
                         .user_name = std::nullopt,
                         .password = std::nullopt};
  std::vector<std::uint8_t> properties;
  if (options.version == codec::Version::v5) {
    SLUICE_TRY(connect.properties, write_properties(options, properties));
  }
  if (options.user_name) connect.user_name = *options.user_name;
  if (options.password) connect.password = as_bytes(*options.password);
  if (options.will) {
    connect.will =
        codec::Will{.qos = options.will->qos,
                    .retain = options.will->retain,
                    .properties = codec::Properties::of_checked(options.will->properties),
                    .topic = options.will->topic,
                    .payload = options.will->payload};
  }
  const std::size_t bytes = codec::encoded_size(connect, options.version);
  SLUICE_TRY(const std::size_t written,
             codec::encode(connect, options.version, output.claim(bytes)));
  output.commit(written);
  return {};
}

Result<void> check_options(const MachineOptions& options) {
  SLUICE_CHECK(check_lengths(options));
  if (!codec::is_valid_utf8(options.client_id)) return refuse("the client id is not UTF-8");
  if (options.user_name && !codec::is_valid_utf8(*options.user_name)) {
    return refuse("the user name is not UTF-8");
  }
  if (options.version != codec::Version::v5 && options.password && !options.user_name) {
    return refuse("MQTT 3.x has no password without a user name");  // [MQTT3-3.1.2-22]
  }
  if (options.version == codec::Version::v3_1_1 && options.client_id.empty() &&
      options.clean_start == CleanStart::never) {
    return refuse("a session that is kept needs a client id");  // [MQTT3-3.1.3-7]
  }
  if (options.receive_maximum == 0) return refuse("a Receive Maximum of 0 is not allowed");
  if (options.inflight_max == 0) return refuse("at least one message must be allowed in flight");
  if (options.version == codec::Version::v5) {
    SLUICE_CHECK(codec::check_properties(options.connect_properties, codec::PacketType::connect,
                                         PropertyPlace::packet, codec::DecodeLimits{}));
  }
  if (!options.will) return {};
  SLUICE_CHECK(codec::check_topic_name(options.will->topic));
  if (options.version == codec::Version::v5) {
    SLUICE_CHECK(codec::check_properties(options.will->properties, codec::PacketType::connect,
                                         PropertyPlace::will, codec::DecodeLimits{}));
  }
  return {};
}

}  // namespace sluice::client
