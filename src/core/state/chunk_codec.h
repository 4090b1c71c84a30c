// SPDX-License-Identifier: Apache-2.0
//
// A chunk of a queue as bytes: a batch of logged records like any other (core/state/logged.h). It
// begins with its time; then each delivery stands behind its message.
//
// Thread:  any.
// Never:   an assertion for what a disk can hand back.
#pragma once

#include "base/result.h"
#include "core/state/record_writer.h"

#include <cstdint>
#include <vector>

namespace sluice::core {

/// `now`: any time, the nearer the shorter the bytes are. REQUIRES: it is in memory, and has all
/// its messages.
std::vector<std::uint8_t> encode_chunk(const State& state, const Session& session,
                                       const Chunk& chunk, const LogClockAt& at);

/// Into messages of `state`. parse_error unless it is a chunk of so many messages.
Result<std::vector<Delivery>> decode_chunk(State& state, ByteView bytes, std::uint32_t messages,
                                           const LogClockAt& at);

}  // namespace sluice::core
