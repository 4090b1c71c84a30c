// SPDX-License-Identifier: Apache-2.0
//
// The packets of a benchmark that are not worth a client machine: CONNECT, SUBSCRIBE, DISCONNECT,
// and a PUBLISH that is encoded once and then filled in.
#pragma once

#include "base/bytes.h"
#include "codec/codec.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

using PacketBytes = std::vector<std::uint8_t>;

/// Who connects, and what the broker is to remember of it.
struct BenchIdentity {
  std::string client_id;
  bool clean_start = true;
  std::uint32_t expiry_s = 0;  ///< MQTT 5
  std::string_view user{};
  std::string_view password{};
};

PacketBytes connect_packet(const BenchIdentity& identity, codec::Version version);
PacketBytes subscribe_packet(codec::PacketId id, std::span<const std::string> filters,
                             codec::Qos qos, codec::Version version);
PacketBytes disconnect_packet(codec::Version version);
PacketBytes publish_packet(const codec::Publish& publish, codec::Version version);

}  // namespace sluice::cli
