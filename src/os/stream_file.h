// SPDX-License-Identifier: Apache-2.0
//
// A StreamFile is a file that is read or written from its beginning to its end, or standard input
// or output. Blocks: for commands, never for a shard's turn.
//
// Owner:   a command.      Thread: its owner's.
// Never:   leaves bytes unwritten without an error.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "os/file_descriptor.h"

#include <cstddef>
#include <string>

namespace sluice::os {

class StreamFile {
 public:
  static Result<StreamFile> open(const std::string& path);
  /// Whatever was in the file is gone.
  static Result<StreamFile> create(const std::string& path);
  /// Behind what is in the file; a new one is its owner's alone.
  static Result<StreamFile> append(const std::string& path);
  static StreamFile standard_input();
  static StreamFile standard_output();

  /// 0 at the end.
  Result<std::size_t> read(MutableByteView into) const;
  Result<void> write(ByteView bytes) const;

 private:
  explicit StreamFile(FileDescriptor file) : file_(std::move(file)) {}
  explicit StreamFile(int standard) : standard_(standard) {}
  int fd() const { return file_.is_open() ? file_.get() : standard_; }

  FileDescriptor file_;
  int standard_ = -1;
};

}  // namespace sluice::os
