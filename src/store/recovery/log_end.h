// SPDX-License-Identifier: Apache-2.0
//
// LogEnd is what reading a log found out for whoever goes on writing it.
//
// Thread: any (a value).
#pragma once

#include "store/log.h"

#include <cstdint>
#include <vector>

namespace sluice::store {

struct LogEnd {
  struct Span {
    std::uint64_t number = 0;
    Position first{0};
  };

  Position next = first_position;     ///< of the batch to come
  std::vector<Span> spans;            ///< the segments with batches, in order
  std::uint64_t offset = 0;           ///< of the block behind the batches of the last of them
  std::vector<std::uint64_t> unused;  ///< segments without batches, and those before replay begins
  std::uint64_t number_max = 0;       ///< of all segments
  BatchTime last_time;                ///< of the last batch
  std::uint64_t batches = 0;          ///< replayed
  std::uint64_t bytes = 0;            ///< theirs
  std::uint64_t torn_segment = 0;     ///< where a commit was cut that the crash had left unfinished
  std::uint64_t torn_offset = 0;
};

}  // namespace sluice::store
