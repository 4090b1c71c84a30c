// SPDX-License-Identifier: Apache-2.0
//
// ChunkFiles keeps the chunks of a shard's queues in files beside its log, each written from its
// beginning to its end, and then never again. The log names a chunk in place of its messages from
// a checkpoint on; so chunks are synced before a checkpoint counts, and one that was released is
// kept until the log begins behind that. A file goes with its last chunk; of one that is nearly
// empty the rest is moved. After a crash there may be chunks that nobody names: they go at the
// start.
//
// Owner:   ShardLogs, or the simulator.      Thread: one at a time; blocks.
// Limits:  store.chunk_file_bytes. Files take at most four times what their chunks do, and those
//          of about one checkpoint more.
#pragma once

#include "core/state/chunk_store.h"
#include "os/file/disk.h"
#include "store/chunks/chunk_format.h"
#include "store/log.h"
#include "store/wal/segment_files.h"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::store {

class ChunkFiles final : public core::ChunkStore {
 public:
  ChunkFiles(os::Disk& disk, LogPlace place, std::uint64_t file_bytes)
      : disk_(disk), place_(std::move(place)), file_bytes_(file_bytes) {}

  /// What the directory has of them. Before all else.
  Result<void> open();
  /// The log was read to its end: what it does not name goes.
  Result<void> drop_unnamed();

  Result<std::uint32_t> write(core::ChunkId id, ByteView bytes) override;
  Result<std::vector<std::uint8_t>> read(core::ChunkId id, std::uint32_t checksum) override;
  void keep(core::ChunkId id) override;
  void release(core::ChunkId id) override;
  core::ChunkId last() const override { return last_; }

  /// The next batch of the log: what is released from now on is released with that, or later.
  void note_next(Position next) { next_ = next; }
  /// What was written is on the disk when this returns. After an error nothing is certain.
  Result<void> sync();
  std::uint64_t unsynced_bytes() const { return unsynced_bytes_; }
  /// Replay will not begin before that batch any more.
  Result<void> begin_replay_at(Position start);

  std::size_t files() const { return files_.size(); }
  std::uint64_t bytes() const { return bytes_; }
  /// Of what was released and is kept still. O(that).
  std::uint64_t released_bytes() const;
  const std::string& directory() const { return place_.directory; }

 private:
  struct Where {
    std::uint64_t file = 0;
    std::uint64_t offset = 0;
    std::uint32_t payload_bytes = 0;
    std::uint32_t checksum = 0;
    bool is_named = false;
  };
  struct File {
    std::uint64_t bytes = 0;
    std::uint64_t live_bytes = 0;
    std::uint64_t chunks = 0;
  };
  struct Released {
    core::ChunkId id{};
    Position at{};
  };
  using FilePtr = std::unique_ptr<os::DiskFile>;

  std::string path_of(std::uint64_t number) const;
  static std::uint64_t whole(std::uint32_t payload_bytes) {
    return chunk_header_bytes + payload_bytes;
  }
  Result<void> load(std::uint64_t number);
  Result<std::vector<ChunkEntry>> find_entries(const os::DiskFile& file, std::uint64_t size) const;
  Result<std::uint64_t> next_header(const os::DiskFile& file, std::uint64_t from,
                                    std::uint64_t size) const;
  Result<std::vector<std::uint8_t>> read(const Where& where);
  Result<void> append(const ChunkHeader& header, ByteView payload, Where& where);
  Result<void> begin_file();
  Result<void> end_file();
  Result<void> forget(core::ChunkId id);
  Result<void> remove_if_empty(std::uint64_t number);
  Result<void> move_remnants();
  Result<bool> move_out_of(std::uint64_t number);

  os::Disk& disk_;
  const LogPlace place_;
  const std::uint64_t file_bytes_;
  std::unordered_map<core::ChunkId, Where> chunks_;
  std::map<std::uint64_t, File> files_;
  std::deque<Released> released_;  // and named by the log
  core::ChunkId last_{0};
  Position next_{first_position};
  std::uint64_t bytes_ = 0;  // of all files
  FilePtr current_;
  std::uint64_t current_number_ = 0;
  std::uint64_t number_max_ = 0;
  std::vector<ChunkEntry> entries_;   // of the current one
  std::set<std::uint64_t> unsynced_;  // files
  std::uint64_t unsynced_bytes_ = 0;
  bool has_new_names_ = false;
  FilePtr read_;
  std::uint64_t read_number_ = 0;
};

}  // namespace sluice::store
