// SPDX-License-Identifier: Apache-2.0
//
// A Commit is the batches that one write and one sync will make durable, as the bytes that the
// segment gets. It is filled by the shard while the commit before it is on its way to the disk.
//
// Owner:   a log; passed between its two threads as a whole.     Thread: one at a time.
// Limits:  whoever fills it looks at bytes().
#pragma once

#include "store/format/segment_format.h"

#include <vector>

namespace sluice::store {

class Commit {
 public:
  void add(Position position, const BatchTime& time, ByteView records);
  /// The answer that is due once this is durable; grows.
  void put_behind(core::Ticket ticket) { ticket_ = ticket; }

  /// Somebody wants to know when it is written, before it is durable.
  void await_written() { is_written_awaited_ = true; }
  bool is_written_awaited() const { return is_written_awaited_; }

  bool has_batches() const { return first_ != Position{0}; }
  core::Ticket ticket() const { return ticket_; }
  Position first() const { return first_; }
  Position last() const { return last_; }
  /// What it will take of a segment, but for the padding of the last block.
  std::size_t bytes() const { return size_; }
  std::uint64_t batches() const;
  /// The bytes for that segment, whole blocks. May be asked again, for another one. `unsynced`: the
  /// first batch that a power cut may take together with these.
  ByteView seal(const SegmentName& name, Position unsynced);
  /// Empty, with its memory unless that is much.
  void clear();

 private:
  static constexpr std::size_t kept_bytes_max = std::size_t{8} << 20;

  std::vector<std::uint8_t> bytes_;
  std::size_t size_ = 0;  // of the frames, without the padding behind them
  Position first_{0};
  Position last_{0};
  core::Ticket ticket_{0};
  bool is_written_awaited_ = false;
};

}  // namespace sluice::store
