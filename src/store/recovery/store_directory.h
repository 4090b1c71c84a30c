// SPDX-License-Identifier: Apache-2.0
//
// StoreDirectory is the directory of a broker's store, for one process at a time:
//
//   LOCK          who has it
//   MANIFEST      what it holds
//   log-G-S/      the log of shard S, of generation G
//
// It is made in one step, as far as a crash can see: until MANIFEST is there, a file CREATING says
// that nothing here is worth keeping. A change of the number of shards writes logs of the next
// generation beside the old ones; MANIFEST decides, by a rename, which count.
//
// Owner:   the server, or a command.     Thread: one; blocks.
#pragma once

#include "store/format/manifest.h"
#include "store/wal/segment_files.h"

#include <memory>
#include <string>
#include <vector>

namespace sluice::store {

class StoreDirectory {
 public:
  /// What a store that is made now begins with.
  struct Birth {
    std::uint16_t shards = 1;
    HashKey placement_key;
    std::uint64_t salt = 0;
  };

  /// The store in that directory; made if the directory is empty or not there.
  static Checked<StoreDirectory> open(os::Disk& disk, std::string path, const Birth& birth);
  /// not_found if there is none.
  static Checked<StoreDirectory> open_existing(os::Disk& disk, std::string path);

  /// The same without the lock: a broker may use the store, so only reading is allowed, and what
  /// is read may be gone or in the middle of a write.
  static Checked<StoreDirectory> open_to_read(os::Disk& disk, std::string path);

  const std::string& path() const { return path_; }
  const Manifest& manifest() const { return manifest_; }
  bool is_new() const { return is_new_; }
  LogPlace place_of(std::uint16_t shard) const { return place_of(manifest_.generation, shard); }

  /// Empty logs of the next generation, for so many shards.
  Checked<std::vector<LogPlace>> prepare_generation(std::uint16_t shards);
  /// These are the logs from now on; the old ones are removed. REQUIRES: what they must hold is
  /// durable.
  Checked<void> switch_generation(std::uint16_t shards);
  /// The same, for as many shards as before; the old logs stay, under names that say so. Where.
  Checked<std::string> switch_and_set_aside();
  /// What prepare_generation() made is not wanted after all.
  Checked<void> drop_generation() { return remove_others(manifest_.generation); }

 private:
  StoreDirectory(os::Disk& disk, std::string path) : disk_(&disk), path_(std::move(path)) {}

  LogPlace place_of(std::uint64_t generation, std::uint16_t shard) const;
  std::string path_of(std::string_view name) const { return path_ + "/" + std::string(name); }
  Checked<void> take_lock();
  Checked<bool> find_manifest();
  Checked<void> create(const Birth& birth);
  Checked<void> check_empty(bool is_half_made) const;
  Checked<void> make_logs(std::uint64_t generation, std::uint16_t shards);
  Checked<void> write_manifest(const Manifest& manifest);
  /// Logs of all generations but that one.
  Checked<void> remove_others(std::uint64_t generation);

  os::Disk* disk_;
  std::string path_;
  std::unique_ptr<os::DiskLock> lock_;
  Manifest manifest_;
  bool is_new_ = false;
};

}  // namespace sluice::store
