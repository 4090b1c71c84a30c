// SPDX-License-Identifier: Apache-2.0
//
// A PacketAssembler cuts a stream, which may arrive in any pieces, into packets. A packet that lies
// whole in one piece is passed on where it stands; only one that is cut is gathered here.
//
// Owner:   ClientMachine.      Thread: its owner's.
// Never:   memory for bytes that have not come: an announced length costs nothing.
// Limits:  packet_bytes_max.
#pragma once

#include "base/bytes.h"
#include "codec/frame.h"

#include <cstdint>
#include <vector>

namespace sluice::client {

class PacketAssembler {
 public:
  void set_limits(codec::Version version, std::uint32_t packet_bytes_max);
  void clear();

  /// Takes bytes from the front of `stream` until there is a packet or nothing is left. complete:
  /// `packet` is valid until the next call, and as long as the stream's bytes. incomplete: the
  /// stream is empty. Otherwise the frame's error.
  codec::FrameResult next(ByteView& stream, ByteView& packet);
  /// True while a part of a packet is here.
  bool has_part() const { return !part_.empty() && !is_taken_; }

 private:
  codec::FrameResult next_of_part(ByteView& stream, ByteView& packet);

  codec::Version version_ = codec::Version::v5;
  std::uint32_t packet_bytes_max_ = 0;
  std::vector<std::uint8_t> part_;
  bool is_taken_ = false;  ///< part_ was handed out whole and goes at the next call
};

}  // namespace sluice::client
