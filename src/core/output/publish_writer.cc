// SPDX-License-Identifier: Apache-2.0
#include "core/output/publish_writer.h"

#include "base/assert.h"
#include "codec/limits.h"

#include <cstring>

namespace sluice::core {
namespace {

constexpr std::uint8_t id_message_expiry = 0x02;
constexpr std::uint8_t id_subscription_id = 0x0b;
constexpr std::uint8_t id_topic_alias = 0x23;

std::size_t varint_bytes(std::size_t value) {
  return value < 128 ? 1 : value < 16384 ? 2 : value < 2097152 ? 3 : 4;
}

std::uint8_t* put_varint(std::uint8_t* out, std::size_t value) {
  while (value >= 128) {
    *out++ = static_cast<std::uint8_t>(value | 0x80U);
    value >>= 7;
  }
  *out++ = static_cast<std::uint8_t>(value);
  return out;
}

std::uint8_t* put_u16(std::uint8_t* out, std::uint32_t value) {
  *out++ = static_cast<std::uint8_t>(value >> 8);
  *out++ = static_cast<std::uint8_t>(value);
  return out;
}

std::uint8_t* put_bytes(std::uint8_t* out, const void* bytes, std::size_t size) {
  if (size > 0) std::memcpy(out, bytes, size);
  return out + size;
}

std::size_t property_bytes(const OutgoingPublish& publish) {
  std::size_t size = publish.properties.size();
  if (publish.expiry_s != MessageFields::no_expiry) size += 5;
  if (publish.alias != 0) size += 3;
  for (const std::uint32_t id : publish.subscription_ids) size += 1 + varint_bytes(id);
  return size;
}

struct Sizes {
  std::size_t properties = 0;  // without their length
  std::size_t remaining = 0;
  std::size_t total = 0;
};

Sizes sizes_of(const OutgoingPublish& publish, codec::Version version) {
  Sizes sizes;
  sizes.remaining = 2 + publish.topic.size() + publish.payload.size();
  if (publish.qos != codec::Qos::at_most_once) sizes.remaining += 2;
  if (version == codec::Version::v5) {
    sizes.properties = property_bytes(publish);
    sizes.remaining += varint_bytes(sizes.properties) + sizes.properties;
  }
  sizes.total = 1 + varint_bytes(sizes.remaining) + sizes.remaining;
  return sizes;
}

std::uint8_t* put_properties(std::uint8_t* out, const OutgoingPublish& publish, std::size_t size) {
  out = put_varint(out, size);
  if (publish.expiry_s != MessageFields::no_expiry) {
    *out++ = id_message_expiry;
    out = put_u16(out, publish.expiry_s >> 16);
    out = put_u16(out, publish.expiry_s & 0xffff);
  }
  if (publish.alias != 0) {
    *out++ = id_topic_alias;
    out = put_u16(out, publish.alias);
  }
  for (const std::uint32_t id : publish.subscription_ids) {
    *out++ = id_subscription_id;
    out = put_varint(out, id);
  }
  return put_bytes(out, publish.properties.data(), publish.properties.size());
}

std::uint8_t* put_header(std::uint8_t* out, const OutgoingPublish& publish, codec::Version version,
                         const Sizes& sizes) {
  const auto type = static_cast<unsigned>(codec::PacketType::publish) << 4;
  *out++ = static_cast<std::uint8_t>(type | (publish.dup ? 8U : 0U) |
                                     static_cast<unsigned>(publish.qos) << 1 |
                                     (publish.retain ? 1U : 0U));
  out = put_varint(out, sizes.remaining);
  out = put_u16(out, static_cast<std::uint32_t>(publish.topic.size()));
  out = put_bytes(out, publish.topic.data(), publish.topic.size());
  if (publish.qos != codec::Qos::at_most_once) out = put_u16(out, publish.packet_id);
  if (version == codec::Version::v5) out = put_properties(out, publish, sizes.properties);
  return out;
}

}  // namespace

std::size_t publish_bytes(const OutgoingPublish& publish, codec::Version version) {
  const Sizes sizes = sizes_of(publish, version);
  return sizes.remaining > codec::remaining_length_max ? 0 : sizes.total;
}

ByteView write_publish(const OutgoingPublish& publish, codec::Version version, Output& output) {
  const Sizes sizes = sizes_of(publish, version);
  std::uint8_t* out = output.reserve(sizes.total).data();
  out = put_header(out, publish, version, sizes);
  put_bytes(out, publish.payload.data(), publish.payload.size());
  return output.commit(sizes.total);
}

ByteView write_publish_header(const OutgoingPublish& publish, codec::Version version,
                              Output& output) {
  const Sizes sizes = sizes_of(publish, version);
  const std::size_t size = sizes.total - publish.payload.size();
  put_header(output.reserve(size).data(), publish, version, sizes);
  return output.commit(size);
}

}  // namespace sluice::core
