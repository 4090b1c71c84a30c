// SPDX-License-Identifier: Apache-2.0
//
// What a shard asks of its chunks, the parts of long queues that wait outside memory, and what it
// is answered.
//
// Thread:  any (values).
#pragma once

#include "base/result.h"
#include "core/ids.h"

#include <cstdint>
#include <vector>

namespace sluice::core {

struct ChunkRequest {
  enum class Kind : std::uint8_t {
    write,
    read,
    forget,  ///< once the log does not name it any more: no answer
  };

  Kind kind = Kind::write;
  ChunkId id{};
  SessionSlot session = no_session;
  std::uint32_t session_number = 0;
  std::uint32_t checksum = 0;         ///< of what is to be read
  std::vector<std::uint8_t> bytes{};  ///< to write
  std::uint64_t released_bytes = 0;   ///< about what is not needed with what is to be forgotten
};

/// To a request to write or to read: an error, or the checksum; or the bytes.
struct ChunkAnswer {
  ChunkRequest::Kind kind = ChunkRequest::Kind::write;
  ChunkId id{};
  SessionSlot session = no_session;
  std::uint32_t session_number = 0;
  Result<void> done{};
  std::uint32_t checksum = 0;
  std::vector<std::uint8_t> bytes{};
};

}  // namespace sluice::core
