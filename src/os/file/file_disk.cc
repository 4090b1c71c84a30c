// SPDX-License-Identifier: Apache-2.0
#include "os/file/file_disk.h"

#include "os/file_descriptor.h"
#include "os/system_error.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <string_view>

namespace sluice::os {
namespace {

class OpenFile final : public DiskFile {
 public:
  explicit OpenFile(FileDescriptor file) : file_(std::move(file)) {}

  Result<void> write(ByteView bytes, std::uint64_t offset) override {
    while (!bytes.empty()) {
      const auto written =
          ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return system_failure("write");
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
    return {};
  }
  Result<std::size_t> read(MutableByteView into, std::uint64_t offset) const override {
    std::size_t got = 0;
    while (got < into.size()) {
      const auto size = ::pread(file_.get(), into.data() + got, into.size() - got,
                                static_cast<off_t>(offset + got));
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return system_failure("read");
      if (size == 0) break;
      got += static_cast<std::size_t>(size);
    }
    return got;
  }
  Result<void> sync() override {
    if (::fdatasync(file_.get()) != 0) return system_failure("fdatasync");
    return {};
  }
  Result<void> allocate(std::uint64_t bytes) override {
    int error = 0;
    do {
      error = ::posix_fallocate(file_.get(), 0, static_cast<off_t>(bytes));
    } while (error == EINTR);
    if (error != 0) return system_failure(error, "fallocate");
    return {};
  }
  Result<std::uint64_t> size() const override {
    struct stat status{};
    if (::fstat(file_.get(), &status) != 0) return system_failure("fstat");
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  FileDescriptor file_;
};

class FileLock final : public DiskLock {
 public:
  explicit FileLock(FileDescriptor file) : file_(std::move(file)) {}

 private:
  FileDescriptor file_;
};

int flags_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::read:
      return O_RDONLY;
    case OpenMode::write:
      return O_RDWR;
    case OpenMode::create:
      return O_RDWR | O_CREAT | O_EXCL;
    case OpenMode::replace:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

FileDescriptor open_file(const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  } while (fd < 0 && errno == EINTR);
  return FileDescriptor(fd);
}

}  // namespace

Result<std::unique_ptr<DiskFile>> FileDisk::open(const std::string& path, OpenMode mode) {
  FileDescriptor file = open_file(path, flags_of(mode));
  if (!file.is_open()) return system_failure("open");
  return std::make_unique<OpenFile>(std::move(file));
}

Result<void> FileDisk::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return system_failure("rename");
  return {};
}

Result<void> FileDisk::remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0) return {};
  if (errno != EISDIR && errno != EPERM) return system_failure("unlink");
  if (::rmdir(path.c_str()) != 0) return system_failure("rmdir");
  return {};
}

Result<std::vector<std::string>> FileDisk::list(const std::string& path) {
  DIR* const directory = ::opendir(path.c_str());
  if (directory == nullptr) return system_failure("opendir");
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error = errno;
  ::closedir(directory);
  if (error != 0) return system_failure(error, "readdir");
  std::ranges::sort(names);
  return names;
}

Result<void> FileDisk::create_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) return system_failure("mkdir");
  return {};
}

Result<void> FileDisk::sync_directory(const std::string& path) {
  const FileDescriptor directory = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!directory.is_open()) return system_failure("open");
  if (::fsync(directory.get()) != 0) return system_failure("fsync");
  return {};
}

Result<std::unique_ptr<DiskLock>> FileDisk::lock(const std::string& path) {
  FileDescriptor file = open_file(path, O_RDWR | O_CREAT);
  if (!file.is_open()) return system_failure("open");
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return system_failure("flock");
  char text[16];
  const auto end = std::to_chars(text, text + sizeof text - 1, ::getpid()).ptr;
  *end = '\n';
  const auto size = end + 1 - text;
  // Only for people who ask who holds it; the lock is the kernel's.
  if (::ftruncate(file.get(), 0) != 0 ||
      ::pwrite(file.get(), text, static_cast<std::size_t>(size), 0) != size)
    return system_failure("write");
  return std::make_unique<FileLock>(std::move(file));
}

int process_that_locks(const std::string& path) {
  const FileDescriptor file = open_file(path, O_RDONLY);
  if (!file.is_open()) return 0;
  char text[16];
  const auto size = ::pread(file.get(), text, sizeof text, 0);
  int process = 0;
  if (size > 0) std::from_chars(text, text + size, process);
  return process;
}

}  // namespace sluice::os
