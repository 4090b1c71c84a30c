// SPDX-License-Identifier: Apache-2.0
//
// Writes one PUBLISH to a connection's lane: small payloads are copied behind their header, large
// ones referred to.
//
// Spec:    MQTT 5.0 §3.3.
#pragma once

#include "base/bytes.h"
#include "codec/types.h"
#include "core/connection/connection.h"
#include "core/message/message.h"
#include "core/output/output.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::core {

/// What stands in the packet, apart from what the connection decides.
struct OutgoingPublish {
  std::string_view topic;
  ByteView properties;
  ByteView payload;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
  bool dup = false;
  codec::PacketId packet_id = 0;
  std::uint32_t expiry_s = MessageFields::no_expiry;  ///< what is left of it
  std::uint16_t alias = 0;
  std::span<const std::uint32_t> subscription_ids{};
};

/// From this size on a payload is referred to instead of copied.
inline constexpr std::size_t payload_by_reference_min = 16 * 1024;

/// Size of the whole packet, or 0 if it cannot be encoded at all (over the protocol's maximum).
std::size_t publish_bytes(const OutgoingPublish& publish, codec::Version version);
/// Encodes header and payload in one piece of the arena.
ByteView write_publish(const OutgoingPublish& publish, codec::Version version, Output& output);
/// Encodes what stands before the payload.
ByteView write_publish_header(const OutgoingPublish& publish, codec::Version version,
                              Output& output);

}  // namespace sluice::core
