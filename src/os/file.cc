// SPDX-License-Identifier: Apache-2.0
#include "os/file.h"

#include "os/file_descriptor.h"
#include "os/system_error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace sluice::os {
namespace {

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(fd, bytes.data(), bytes.size());
    if (sent < 0 && errno != EINTR) return system_failure("the file cannot be written");
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  if (::fsync(fd) < 0) return system_failure("the file cannot be written");
  return {};
}

}  // namespace

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

Result<void> replace_file(const std::string& path, std::string_view bytes, FileAccess access) {
  std::string name = path + ".XXXXXX";
  const FileDescriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.is_open()) return system_failure("a file cannot be made");
  auto done = write_all(file.get(), bytes);
  const mode_t mode = access == FileAccess::owner ? 0600 : 0644;
  if (done && ::fchmod(file.get(), mode) < 0) done = system_failure("the file's access");
  // What root replaces stays its owner's; for others it is theirs already.
  struct stat old{};
  if (done && ::stat(path.c_str(), &old) == 0 &&
      ::fchown(file.get(), old.st_uid, old.st_gid) != 0 && errno != EPERM)
    done = system_failure("the file's owner cannot be kept");
  if (done && ::rename(name.c_str(), path.c_str()) < 0)
    done = system_failure("the file cannot be replaced");
  if (!done) ::unlink(name.c_str());
  return done;
}

Result<void> make_folders(const std::string& path, FileAccess access) {
  const mode_t mode = access == FileAccess::owner ? 0700 : 0755;
  for (std::size_t end = path.find('/', 1); end != std::string::npos;
       end = path.find('/', end + 1)) {
    ::mkdir(path.substr(0, end).c_str(), mode);
  }
  if (::mkdir(path.c_str(), mode) < 0 && errno != EEXIST)
    return system_failure("the folder cannot be made");
  return {};
}

Result<void> check_is_private(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) < 0) {
    if (errno == ENOENT) return {};
    return system_failure("the file cannot be looked at");
  }
  if ((status.st_mode & 077) != 0)
    return fail(ErrorCode::permission_denied, "others may read the file");
  return {};
}

}  // namespace sluice::os
