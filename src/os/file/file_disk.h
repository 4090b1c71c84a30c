// SPDX-License-Identifier: Apache-2.0
//
// FileDisk is the file system of the machine as a Disk.
//
// Thread: any; it holds nothing.
#pragma once

#include "os/file/disk.h"

namespace sluice::os {

class FileDisk final : public Disk {
 public:
  Result<std::unique_ptr<DiskFile>> open(const std::string& path, OpenMode mode) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Result<void> create_directory(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path) override;
};

/// The process that holds the lock on that file; 0 if nobody does, or it cannot be told.
int process_that_locks(const std::string& path);

}  // namespace sluice::os
