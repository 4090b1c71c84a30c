// SPDX-License-Identifier: Apache-2.0
//
// A ChunkExpansion tells a log as if no part of a queue had ever left memory: in place of the name
// of a chunk stand its messages. So what it gives is whole by itself, for a copy or for a reader.
// Only of the checkpoint that replay begins with: the names in a later one are passed over, and
// what they name may be gone.
//
// Owner:   a command that reads a log.      Thread: one; blocks.
// Limits:  memory: a batch with all that its chunks hold.
#pragma once

#include "base/result.h"
#include "core/state/chunk_store.h"
#include "core/state/logged.h"

#include <cstdint>
#include <vector>

namespace sluice::core {

class ChunkExpansion {
 public:
  explicit ChunkExpansion(ChunkStore& chunks) : chunks_(chunks) {}

  /// The batches of a log in their order; what it gives is valid until the next call. A chunk that
  /// cannot be read is counted, and stands there as one that is lost.
  Result<ByteView> expand(ByteView batch);
  /// Messages that stand in chunks, and could be read.
  std::uint64_t messages() const { return messages_; }
  /// Messages that could not.
  std::uint64_t lost() const { return lost_; }

 private:
  Result<void> expand_records(ByteView batch);
  void put_chunk(const logged::ChunkImaged& imaged);
  bool put_messages(const logged::ChunkImaged& imaged, ByteView bytes);
  template <class Record>
  void put(Record record);

  ChunkStore& chunks_;
  std::vector<std::uint8_t> out_;
  std::vector<logged::MessageNumber> numbers_;  // by those of the batch that is read
  logged::MessageNumber written_ = 0;           // messages, in the batch that is made
  WallTime batch_at_{};
  bool is_first_ = true;
  bool is_imaging_ = false;
  std::uint64_t messages_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace sluice::core
