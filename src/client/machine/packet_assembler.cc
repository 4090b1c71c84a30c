// SPDX-License-Identifier: Apache-2.0
#include "client/machine/packet_assembler.h"

#include <algorithm>

namespace sluice::client {
namespace {
constexpr std::size_t part_bytes_kept = 65'536;
}  // namespace

void PacketAssembler::set_limits(codec::Version version, std::uint32_t packet_bytes_max) {
  version_ = version;
  packet_bytes_max_ = packet_bytes_max;
}

void PacketAssembler::clear() {
  part_.clear();
  is_taken_ = false;
  if (part_.capacity() > part_bytes_kept) part_.shrink_to_fit();
}

codec::FrameResult PacketAssembler::next(ByteView& stream, ByteView& packet) {
  if (is_taken_) clear();
  if (!part_.empty()) return next_of_part(stream, packet);
  const codec::FrameResult frame = codec::peek_frame(stream, version_, packet_bytes_max_);
  if (frame.is_complete()) {
    packet = stream.first(frame.total);
    stream = stream.subspan(frame.total);
  } else if (!frame.is_failed()) {
    part_.assign(stream.begin(), stream.end());
    stream = {};
  }
  return frame;
}

codec::FrameResult PacketAssembler::next_of_part(ByteView& stream, ByteView& packet) {
  for (;;) {
    const codec::FrameResult frame = codec::peek_frame(part_, version_, packet_bytes_max_);
    if (frame.is_failed()) return frame;
    if (frame.is_complete()) {
      packet = part_;
      is_taken_ = true;
      return frame;
    }
    if (stream.empty()) return frame;
    // Until the header is whole, one byte at a time: the part must not take bytes of the packet
    // behind it.
    const std::size_t missing = frame.header_bytes == 0 ? 1 : frame.total - part_.size();
    const ByteView taken = stream.first(std::min(missing, stream.size()));
    part_.insert(part_.end(), taken.begin(), taken.end());
    stream = stream.subspan(taken.size());
  }
}

}  // namespace sluice::client
