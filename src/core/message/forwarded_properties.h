// SPDX-License-Identifier: Apache-2.0
//
// ForwardedProperties are the properties of a PUBLISH or a will that go on to subscribers unaltered
// and in their order: all but Topic Alias, Message Expiry Interval (which shrinks as it waits) and
// Will Delay Interval. Where none of those is there, it is a view of what came.
//
// Owner:   the call that handles the packet; the packet's bytes outlive it.
// Never:   allocation up to 512 bytes of properties.
// Spec:    MQTT 5.0 §3.3.2.3, §3.1.3.2.
#pragma once

#include "codec/property.h"
#include "core/message/message.h"

#include <array>
#include <cstdint>
#include <vector>

namespace sluice::core {

class ForwardedProperties {
 public:
  explicit ForwardedProperties(const codec::Properties& properties);
  ForwardedProperties(const ForwardedProperties&) = delete;
  ForwardedProperties& operator=(const ForwardedProperties&) = delete;

  ByteView bytes() const { return bytes_; }
  std::uint32_t expiry_s() const { return expiry_s_; }
  /// Whether bytes() is just what came.
  bool is_unchanged() const { return is_unchanged_; }

 private:
  std::array<std::uint8_t, 512> small_;
  std::vector<std::uint8_t> large_;
  ByteView bytes_;
  std::uint32_t expiry_s_ = MessageFields::no_expiry;
  bool is_unchanged_ = true;
};

}  // namespace sluice::core
