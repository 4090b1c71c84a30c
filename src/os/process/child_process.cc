// SPDX-License-Identifier: Apache-2.0
#include "os/process/child_process.h"

#include "base/bytes.h"
#include "os/process/standard_streams.h"
#include "os/system_error.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace sluice::os {
namespace {

constexpr int end_wait_ms = 1'000;

/// A file without a name that holds the bytes, to be read from its beginning.
Result<FileDescriptor> file_of(std::string_view bytes) {
  FileDescriptor file(::memfd_create("input", MFD_CLOEXEC));
  if (!file.is_open()) return system_failure("memory for the command's input");
  while (!bytes.empty()) {
    const ssize_t sent = ::write(file.get(), bytes.data(), bytes.size());
    if (sent < 0 && errno != EINTR) return system_failure("the command's input cannot be kept");
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  if (::lseek(file.get(), 0, SEEK_SET) < 0) return system_failure("the command's input");
  return file;
}

/// Signals as a shell expects them, whatever this process blocks and ignores; a group of its own,
/// so that all of the command can be killed.
struct Attributes {
  Attributes() {
    sigset_t none;
    sigset_t pipe;
    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_init(&value);
    posix_spawnattr_setsigmask(&value, &none);
    posix_spawnattr_setsigdefault(&value, &pipe);
    posix_spawnattr_setpgroup(&value, 0);
    posix_spawnattr_setflags(
        &value, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { posix_spawnattr_destroy(&value); }
  posix_spawnattr_t value{};
};

struct Actions {
  Actions() { posix_spawn_file_actions_init(&value); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  ~Actions() { posix_spawn_file_actions_destroy(&value); }
  posix_spawn_file_actions_t value{};
};

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(
    const std::string& command, std::string_view input,
    const std::vector<std::string>& environment) {
  SLUICE_TRY(const FileDescriptor in, file_of(input));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return system_failure("a pipe from the command");
  FileDescriptor out(ends[0]);
  const FileDescriptor theirs(ends[1]);
  if (::fcntl(out.get(), F_SETFL, O_NONBLOCK) < 0) return system_failure("the command's output");

  std::vector<std::string> variables = os::environment();
  variables.insert(variables.end(), environment.begin(), environment.end());
  std::vector<char*> names;
  for (std::string& variable : variables) names.push_back(variable.data());
  names.push_back(nullptr);
  std::array<std::string, 3> words{"sh", "-c", command};
  std::array<char*, 4> arguments{words[0].data(), words[1].data(), words[2].data(), nullptr};

  Actions actions;
  posix_spawn_file_actions_adddup2(&actions.value, in.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions.value, theirs.get(), STDOUT_FILENO);
  const Attributes attributes;
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, "/bin/sh", &actions.value, &attributes.value,
                                  arguments.data(), names.data());
  if (error != 0) return system_failure(error, "a shell");
  return std::make_unique<ChildProcess>(pid, std::move(out));
}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0) return;
  kill();
  reap();
}

void ChildProcess::kill() {
  if (pid_ > 0) ::kill(-pid_, SIGKILL);
}

int ChildProcess::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::optional<int> ChildProcess::read_some() {
  std::array<char, 65'536> part{};
  for (;;) {
    const ssize_t got = ::read(output_.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return std::nullopt;
    if (got > 0) text_.append(part.data(), static_cast<std::size_t>(got));
    if (text_.size() > output_bytes_max) kill();
    if (got <= 0 || text_.size() > output_bytes_max) break;
  }
  // Who closes the output and then does not end is ended.
  const FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  pollfd state{.fd = process.get(), .events = POLLIN, .revents = 0};
  if (!process.is_open() || ::poll(&state, 1, end_wait_ms) < 1) kill();
  return reap();
}

Result<std::string> own_program() {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size < 0) return system_failure("the program's own file");
  std::string quoted = "'";
  for (const char c : std::string_view(path.data(), static_cast<std::size_t>(size))) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

}  // namespace sluice::os
