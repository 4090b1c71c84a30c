// SPDX-License-Identifier: Apache-2.0
//
// A Problem says to the operator why the store cannot be used: the file, the place in it, what is
// wrong and what to do.
//
// Thread: any (a value).
#pragma once

#include "base/result.h"
#include "os/system_error.h"

#include <expected>
#include <string>

namespace sluice::store {

struct Problem {
  enum class Kind : std::uint8_t {
    disk,     ///< the operating system said no
    damaged,  ///< what is there is not what was written
    missing,  ///< a file that must be there is not
    foreign,  ///< not a store, or one of another version
    in_use,   ///< another process has it
  };

  Kind kind = Kind::disk;
  std::string text;
  ErrorCode code = ErrorCode::io_error;
};

template <class T>
using Checked = std::expected<T, Problem>;

inline std::unexpected<Problem> problem(Problem::Kind kind, std::string text) {
  return std::unexpected(Problem{.kind = kind, .text = std::move(text)});
}

/// "cannot open /x/MANIFEST: No such file or directory"
inline std::unexpected<Problem> disk_problem(const std::string& path, const Error& error) {
  return std::unexpected(Problem{
      .kind = Problem::Kind::disk, .text = path + ": " + os::describe(error), .code = error.code});
}

}  // namespace sluice::store
