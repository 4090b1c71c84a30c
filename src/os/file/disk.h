// SPDX-License-Identifier: Apache-2.0
//
// Disk is what the store asks of a file system: files that are written at an offset, and nothing is
// safe before it was synced, neither bytes nor names. FileDisk is the real one; tests have one that
// loses, tears and fails on purpose.
//
// Errors: no_space where the disk is full; not_found, already_exists, permission_denied; io_error
// for all else. After a failed sync() what was written is lost or not: never try again.
//
// Thread: different files, any; one file, one at a time. All calls block.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::os {

class DiskFile {
 public:
  virtual ~DiskFile() = default;

  /// All of `bytes`; after an error any part of them may be there.
  virtual Result<void> write(ByteView bytes, std::uint64_t offset) = 0;
  /// As many as there are, at most into.size(); 0 at the end of the file.
  virtual Result<std::size_t> read(MutableByteView into, std::uint64_t offset) const = 0;
  /// What was written is on the disk when this returns.
  virtual Result<void> sync() = 0;
  /// Reserves room for `bytes` bytes from the beginning, and makes the file as long.
  virtual Result<void> allocate(std::uint64_t bytes) = 0;
  virtual Result<std::uint64_t> size() const = 0;
};

enum class OpenMode : std::uint8_t {
  read,
  write,    ///< read and write what is there
  create,   ///< already_exists if it is there
  replace,  ///< empty, whatever was there
};

/// Held until it is destroyed, or the process ends in whatever way.
class DiskLock {
 public:
  virtual ~DiskLock() = default;
};

class Disk {
 public:
  virtual ~Disk() = default;

  virtual Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenMode mode) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// A file, or an empty directory.
  virtual Result<void> remove(const std::string& path) = 0;
  /// The names in a directory, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  virtual Result<void> create_directory(const std::string& path) = 0;
  /// Names created, renamed and removed in that directory are on the disk when this returns.
  virtual Result<void> sync_directory(const std::string& path) = 0;
  /// The file `path`, made if it is not there, for this process alone; would_block if another has
  /// it.
  virtual Result<std::unique_ptr<DiskLock>> lock(const std::string& path) = 0;
};

}  // namespace sluice::os
