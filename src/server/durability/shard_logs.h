// SPDX-License-Identifier: Apache-2.0
//
// ShardLogs is the durable side of the process: the directory of the store, a log for each shard,
// and the threads that work for them.
//
//   open();  open_chunks();  replay(0…);  start();  …  stop();
//
// Owner:   Server.      Thread: its owner's, but metrics(): any.
#pragma once

#include "server/durability/chunk_keeper.h"
#include "server/durability/durable_log.h"
#include "store/chunks/chunk_files.h"
#include "store/options.h"
#include "store/recovery/log_reader.h"
#include "store/recovery/store_directory.h"

#include <memory>
#include <string>
#include <vector>

namespace sluice::server {

class ShardLogs {
 public:
  struct Setup {
    os::Disk& disk;
    std::string directory;
    store::StoreOptions::Log options;
    store::Sync sync = store::Sync::each_commit;
    Log& log;
    /// The process must end: what was handed to the disk may be lost. Does not return.
    std::function<void(const std::string& path, const Error& error)> on_failed;
  };

  /// The store in that directory, made if there is none.
  static store::Checked<std::unique_ptr<ShardLogs>> open(Setup setup,
                                                         const store::StoreDirectory::Birth& birth);
  ~ShardLogs();

  const store::Manifest& manifest() const { return directory_.manifest(); }
  store::StoreDirectory& directory() { return directory_; }
  /// Finds what the logs have of chunks. Otherwise replay() does.
  store::Checked<void> open_chunks();
  core::ChunkStore& chunks(std::uint16_t shard) { return *chunks_[shard]; }
  /// Hands out the batches of that shard's log, and makes the log ready for more; in order of the
  /// shards, each once.
  store::Checked<store::LogEnd> replay(std::uint16_t shard, const store::BatchVisitor& visit);
  store::ShardLog& log(std::uint16_t shard) { return *logs_[shard]; }
  /// wakes[n] tells the thread of shard n that something of its log became durable.
  Result<void> start(std::vector<std::function<void()>> wakes);
  /// Once the shards append no more.
  void stop();
  store::StoreMetrics metrics() const;

 private:
  ShardLogs(Setup setup, store::StoreDirectory directory)
      : setup_(std::move(setup)), directory_(std::move(directory)), keeper_(setup_.log) {}

  const Setup setup_;
  store::StoreDirectory directory_;
  std::vector<std::unique_ptr<store::ChunkFiles>> chunks_;
  SegmentKeeper keeper_;
  ChunkKeeper chunk_keeper_;
  std::vector<std::unique_ptr<DurableLog>> logs_;
  store::StoreMetrics replayed_;
};

}  // namespace sluice::server
