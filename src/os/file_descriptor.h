// SPDX-License-Identifier: Apache-2.0
//
// A FileDescriptor owns one descriptor and closes it. Moves; does not copy.
#pragma once

#include "base/result.h"

#include <utility>

namespace sluice::os {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = other.release();
    }
    return *this;
  }
  ~FileDescriptor() { close(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  /// Gives the descriptor up without closing it.
  int release() { return std::exchange(fd_, -1); }
  void close();
  /// A second descriptor of the same file; out_of_descriptors at the limit.
  Result<FileDescriptor> duplicate() const;

 private:
  int fd_ = -1;
};

}  // namespace sluice::os
