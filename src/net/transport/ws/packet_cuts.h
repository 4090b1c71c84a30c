// SPDX-License-Identifier: Apache-2.0
//
// PacketCuts follows a stream of MQTT packets and says where each ends. There are clients that read
// one packet of a frame and then wait for the next frame; so each packet gets a frame of its own.
// Of a packet it knows the Remaining Length only; other bytes end somewhere, too.
//
// Owner:   one WsTransport.      Thread: its owner's.
// Spec:    MQTT 5.0 §2.1.4, §6.
#pragma once

#include "base/bytes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace sluice::net {

class PacketCuts {
 public:
  /// How many of these bytes, which follow those of the calls before, belong to the packet that is
  /// under way or begins with them: all, or fewer if it ends before. REQUIRES: !bytes.empty().
  std::size_t next(ByteView bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && part_ != Part::body) take_header(bytes[used++]);
    const auto rest = static_cast<std::size_t>(
        std::min<std::uint64_t>(left_, static_cast<std::uint64_t>(bytes.size() - used)));
    left_ -= rest;
    if (part_ == Part::body && left_ == 0) part_ = Part::type;
    return used + rest;
  }

  /// The next byte begins a packet.
  bool is_between() const { return part_ == Part::type; }

 private:
  enum class Part : std::uint8_t { type, length, body };

  void take_header(std::uint8_t byte) {
    if (part_ == Part::type) {
      part_ = Part::length;
      shift_ = 0;
      return;
    }
    left_ |= std::uint64_t{byte & 0x7FU} << shift_;
    shift_ = static_cast<std::uint8_t>(shift_ + 7);
    if (byte < 0x80 || shift_ == 28) part_ = Part::body;
  }

  std::uint64_t left_ = 0;
  std::uint8_t shift_ = 0;
  Part part_ = Part::type;
};

}  // namespace sluice::net
