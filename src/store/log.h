// SPDX-License-Identifier: Apache-2.0
//
// ShardLog is what a shard's turn asks of the log on disk: take this batch of records, and say
// later that it is safe; and keep parts of long queues beside the log. The log knows no record: a
// batch is bytes with a time. Batches are
// numbered from 1 on, over all runs of the broker; a number is a Position.
//
// Owner:   the server, or the simulator.     Thread: the shard's.
// Never:   blocks; looks into a batch.
// Limits:  store.pending_bytes_max, at which the shard stops taking publishes.
#pragma once

#include "base/bytes.h"
#include "base/time.h"
#include "core/ids.h"
#include "core/shard/chunk_requests.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::store {

/// When a batch was made: to span the time that the broker was down, and the time within a run.
struct BatchTime {
  WallTime wall;
  Instant mono;
};

/// The number of a batch in its log.
enum class Position : std::uint64_t {};
inline constexpr Position first_position{1};

/// A batch as replay hands it out; the bytes are valid until the next one.
struct Batch {
  Position position{};
  BatchTime time;
  ByteView records;
};

/// low: what is left is kept for acknowledgements and deletions: take no new durable messages.
enum class Space : std::uint8_t { ample, low };

class ShardLog {
 public:
  virtual ~ShardLog() = default;

  /// Copies the batch; its bytes will be durable in this order. A batch without records only puts
  /// its ticket behind those before it. Tickets grow by one.
  virtual Position append(core::Ticket ticket, const BatchTime& time, ByteView records) = 0;
  /// Everything up to this ticket is durable; grows. Cheap: asked every turn.
  virtual core::Ticket durable() const = 0;
  /// The operating system has everything up to this ticket. Where nobody asked for it by
  /// await_written(), it may be known only once it is durable.
  virtual core::Ticket written() const { return durable(); }
  /// What is appended next, or with it, is to be told of as soon as it is written.
  virtual void await_written() {}
  /// Bytes appended and not durable yet.
  virtual std::size_t pending_bytes() const = 0;
  /// Bytes in the log from where replay began, or would have begun, on: what was replayed and what
  /// was appended since. Only grows; the difference of two is what lies between.
  virtual std::uint64_t bytes() const = 0;
  /// Bytes of chunks, about, that were to be forgotten so far: the files that hold them stay until
  /// the log begins behind that. Only grows.
  virtual std::uint64_t released_bytes() const = 0;
  virtual Space space() const = 0;
  /// Replay may begin at this batch from now on: those before it may go. REQUIRES: it is durable,
  /// and so is everything that replay needs beginning with it.
  virtual void begin_replay_at(Position position) = 0;

  /// Does what the shard asks of its chunks, and has the answer soon; what is to be forgotten may
  /// be named by all batches before the next one.
  virtual void carry_out(core::ChunkRequest request) = 0;
  /// Moves the answers that are there to the end of `into`. Cheap if there are none.
  virtual void take_answers(std::vector<core::ChunkAnswer>& into) = 0;
};

}  // namespace sluice::store
