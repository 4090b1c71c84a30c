// SPDX-License-Identifier: Apache-2.0
#include "os/file.h"

#include "os/file_descriptor.h"
#include "os/system_error.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sluice::os {

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return system_failure("the file cannot be opened");
  std::string text;
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto got = ::read(file.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure("the file cannot be read");
    if (got == 0) return text;
    if (static_cast<std::size_t>(got) > bytes_max - text.size())
      return fail(ErrorCode::limit_exceeded, "the file is larger than allowed here");
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace sluice::os
