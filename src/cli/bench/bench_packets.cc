// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/bench_packets.h"

#include "base/assert.h"

#include <array>

namespace sluice::cli {
namespace {

template <class T>
PacketBytes encoded(const T& packet, codec::Version version) {
  PacketBytes bytes(codec::encoded_size(packet, version));
  const auto size = codec::encode(packet, version, bytes);
  SLUICE_ASSERT(size.has_value());  // the plan was checked: all fields have a wire form
  return bytes;
}

}  // namespace

PacketBytes connect_packet(const BenchIdentity& identity, codec::Version version) {
  std::array<std::uint8_t, 8> buffer;
  codec::PropertyWriter properties(buffer);
  if (identity.expiry_s > 0)
    properties.number(codec::PropertyId::session_expiry_interval, identity.expiry_s);
  codec::Connect connect;
  connect.version = version;
  connect.clean_start = identity.clean_start;
  connect.client_id = identity.client_id;
  if (version == codec::Version::v5) connect.properties = *properties.finish();
  if (!identity.user.empty()) {
    connect.user_name = identity.user;
    connect.password = as_bytes(identity.password);
  }
  return encoded(connect, version);
}

PacketBytes subscribe_packet(codec::PacketId id, std::span<const std::string> filters,
                             codec::Qos qos, codec::Version version) {
  std::size_t size = 0;
  for (const std::string& filter : filters) size += filter.size() + 3;
  std::vector<std::uint8_t> buffer(size);
  codec::SubscribeFilterWriter writer(buffer);
  for (const std::string& filter : filters) writer.add(filter, {.qos = qos});
  codec::Subscribe subscribe;
  subscribe.packet_id = id;
  subscribe.filters = *writer.finish();
  return encoded(subscribe, version);
}

PacketBytes disconnect_packet(codec::Version version) {
  return encoded(codec::Disconnect{}, version);
}

PacketBytes publish_packet(const codec::Publish& publish, codec::Version version) {
  return encoded(publish, version);
}

}  // namespace sluice::cli
