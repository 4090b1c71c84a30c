// SPDX-License-Identifier: Apache-2.0
//
// A SimDisk is a file system in memory that behaves as badly as a real one may: until it is synced,
// a write is lost, or arrives in part (512 bytes at a time) and in any order; a name that was
// created, renamed or removed is not there until its directory was synced. crash() is the power
// cut; crash with Cut::process is a kill -9, which the operating system survives. Faults are
// injected by number: the n-th operation from now fails, or the power goes at it.
//
// Owner:   a test or the simulator.    Thread: one.
#pragma once

#include "base/rng.h"
#include "os/file/disk.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::testing {

class SimDisk final : public os::Disk {
 public:
  enum class Cut : std::uint8_t { power, process };
  enum class Operation : std::uint8_t { any, write, sync, allocate, open, rename };

  static constexpr std::size_t sector_bytes = 512;

  Result<std::unique_ptr<os::DiskFile>> open(const std::string& path, os::OpenMode mode) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<void> create_directory(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<os::DiskLock>> lock(const std::string& path) override;

  /// Handles opened before are dead from here on; what is open now sees what survived.
  void crash(Rng& rng, Cut cut);
  /// The n-th operation of that kind from now (1: the next) fails so; a write has then stored half.
  void fail_in(std::uint64_t n, Operation operation, ErrorCode code);
  /// At the n-th operation from now, and ever after until crash(), everything fails: the power
  /// went.
  void die_in(std::uint64_t n) { dies_in_ = n; }
  bool is_dead() const { return is_dead_; }
  /// Bytes of all files together; beyond it writes find no space.
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  std::uint64_t used_bytes() const;
  std::uint64_t operations() const { return operations_; }
  std::uint64_t syncs() const { return syncs_; }

  /// For tests that damage a file: its bytes as they are now. Nullptr if there is none.
  std::vector<std::uint8_t>* bytes_of(const std::string& path);

 private:
  struct Write {
    std::uint64_t offset = 0;
    std::vector<std::uint8_t> bytes;
  };
  struct Inode {
    std::vector<std::uint8_t> now;
    std::vector<std::uint8_t> safe;
    std::vector<Write> unsynced;
    bool is_directory = false;
  };
  using InodePtr = std::shared_ptr<Inode>;
  /// A change of names that its directory has not been synced since.
  struct Naming {
    std::string directory;
    std::map<std::string, InodePtr> changed;  // path to what it names, or nothing
  };
  class File;
  class Lock;

  std::optional<Failure> next(Operation operation);
  void name(std::map<std::string, InodePtr> changed, const std::string& in);
  void apply_unsynced(Inode& inode, Rng& rng);

  std::map<std::string, InodePtr> names_;
  std::map<std::string, InodePtr> safe_names_;
  std::vector<Naming> unsynced_names_;
  std::map<std::string, std::uint64_t> locks_;  // path to the life that holds it
  std::uint64_t life_ = 1;
  std::uint64_t operations_ = 0;
  std::uint64_t syncs_ = 0;
  std::uint64_t fails_in_ = 0;
  std::uint64_t dies_in_ = 0;
  Operation failing_ = Operation::any;
  ErrorCode failure_ = ErrorCode::ok;
  std::uint64_t capacity_ = ~std::uint64_t{0};
  bool is_dead_ = false;
};

}  // namespace sluice::testing
