// SPDX-License-Identifier: Apache-2.0
//
// A Socket is the broker's end of a connection, without a network: bytes that have arrived and were
// not read, bytes that were written and have not left. Whoever stands at the other end (a script,
// the simulator's network) moves bytes in and out.
//
// Owner:   the harness.      Thread: one.
// Limits:  room: what may stand in `outbound` before writes are refused.
#pragma once

#include "base/bytes.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace sluice::testing {

struct Socket {
  std::vector<std::uint8_t> inbound;   ///< arrived, not read by the broker
  std::vector<std::uint8_t> outbound;  ///< written by the broker, not taken away
  std::size_t room = std::numeric_limits<std::size_t>::max();
  /// If given: so many more writes reach the peer, those behind them are those of a process that is
  /// dead by then.
  std::uint64_t* writes_left = nullptr;
  bool is_ended = false;  ///< the peer's end of stream stands behind `inbound`
  bool is_reset = false;  ///< the peer is gone: nothing more can be read or written
  bool is_closed_by_broker = false;
  bool is_released = false;  ///< the broker will not look at it again

  std::size_t free_room() const { return room - std::min(room, outbound.size()); }
  void arrive(ByteView bytes) { inbound.insert(inbound.end(), bytes.begin(), bytes.end()); }
  /// Takes what fits; returns how much that was.
  std::size_t write(ByteView bytes) {
    if (writes_left != nullptr) {
      if (*writes_left == 0) return bytes.size();
      --*writes_left;
    }
    const std::size_t size = std::min(bytes.size(), free_room());
    outbound.insert(outbound.end(), bytes.begin(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(size));
    return size;
  }
};

}  // namespace sluice::testing
