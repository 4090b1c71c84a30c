// SPDX-License-Identifier: Apache-2.0
//
// An OutputBuffer is bytes waiting to be sent: packets are encoded at its end, the driver takes
// them from its front. It grows by doubling and gives large memory back when it runs empty.
//
// Owner:   ClientMachine.      Thread: its owner's.
// Never:   allocation while the bytes fit what was there before.
// Limits:  none of its own: the in-flight window bounds QoS > 0, the caller looks at size() before
//          it publishes more at QoS 0.
#pragma once

#include "base/bytes.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace sluice::client {

class OutputBuffer {
 public:
  /// Room for `bytes` at the end, valid until the next call; commit() makes it part.
  MutableByteView claim(std::size_t bytes);
  void commit(std::size_t bytes) { end_ += bytes; }
  void append(ByteView bytes);

  /// Valid until the next call that is not const.
  ByteView view() const { return {memory_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  /// How many bytes were ever taken from the front, or cleared.
  std::uint64_t taken() const { return taken_; }
  /// REQUIRES: bytes <= size().
  void consume(std::size_t bytes);
  void clear();

 private:
  void make_room(std::size_t bytes);

  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t taken_ = 0;
};

}  // namespace sluice::client
