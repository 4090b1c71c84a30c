// SPDX-License-Identifier: Apache-2.0
//
// A ChildProcess is a shell command that somebody else's bytes are given to and whose output is
// gathered. It does not block: fd() can be read while there is something to do, then read_some().
//
// Owner:   a command of the program.        Thread: its owner's.
// Never:   waits, but up to 1 s for a command that has closed its output. The destructor kills what
//          still runs, and takes its exit code.
// Limits:  output_bytes_max: a command that prints more is killed.
#pragma once

#include "base/result.h"
#include "os/file_descriptor.h"

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::os {

class ChildProcess {
 public:
  static constexpr std::size_t output_bytes_max = std::size_t{16} << 20;

  /// Runs `command` with /bin/sh. It reads `input`; `environment` is added to ours, as NAME=value.
  static Result<std::unique_ptr<ChildProcess>> start(const std::string& command,
                                                     std::string_view input,
                                                     const std::vector<std::string>& environment);
  ChildProcess(pid_t pid, FileDescriptor output) : pid_(pid), output_(std::move(output)) {}
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  /// Readable when the command has printed, or closed its output.
  int fd() const { return output_.get(); }
  /// Takes what was printed. When all is there: the exit code, or 128 and the signal's number.
  std::optional<int> read_some();
  std::string take_output() { return std::move(text_); }
  const std::string& output() const { return text_; }
  std::uint32_t process_id() const { return static_cast<std::uint32_t>(pid_); }
  void kill();

 private:
  int reap();

  pid_t pid_;
  FileDescriptor output_;
  std::string text_;
};

/// The file of this program, in quotes for a shell.
Result<std::string> own_program();

}  // namespace sluice::os
