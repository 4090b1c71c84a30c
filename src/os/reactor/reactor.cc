// SPDX-License-Identifier: Apache-2.0
#include "os/reactor/reactor.h"

#include "base/assert.h"
#include "os/system_error.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace sluice::os {
namespace {

using namespace std::chrono_literals;

std::uint32_t events_of(Watch watch) {
  switch (watch) {
    case Watch::edge:
      return EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    case Watch::level_read:
      return EPOLLIN;
    case Watch::level_write:
      return EPOLLOUT;
    case Watch::nothing:
      return 0;
  }
  return 0;
}

/// Rounded up to whole milliseconds: a wait that ends early would make the owner spin.
int to_milliseconds(Duration timeout) {
  if (timeout < Duration::zero()) return -1;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  constexpr std::int64_t most = std::numeric_limits<int>::max();
  return static_cast<int>(std::min<std::int64_t>(ms, most));
}

// Less than a millisecond is waited as such where the kernel can (from 5.11 on) and a sandbox
// allows it.
int wait_for(int epoll, std::span<epoll_event> events, Duration timeout) {
  const auto size = static_cast<int>(events.size());
  if (timeout > Duration::zero() && timeout < 1ms) {
    const timespec time{.tv_sec = 0, .tv_nsec = static_cast<long>(timeout.count())};
    const int count = ::epoll_pwait2(epoll, events.data(), size, &time, nullptr);
    if (count >= 0 || errno == EINTR) return count;
  }
  return ::epoll_wait(epoll, events.data(), size, to_milliseconds(timeout));
}

Ready to_ready(const epoll_event& event) {
  const bool hangup = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  return {.token = event.data.u64,
          .readable = hangup || (event.events & EPOLLIN) != 0,
          .writable = (event.events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0,
          .hangup = hangup};
}

Result<void> control(const FileDescriptor& epoll, int operation, int fd, epoll_event event) {
  if (::epoll_ctl(epoll.get(), operation, fd, &event) == 0) return {};
  return system_failure("the descriptor cannot be watched");
}

}  // namespace

struct Reactor::Batch {
  std::array<epoll_event, batch_max> events{};
  std::array<Ready, batch_max> ready{};
};

Result<std::unique_ptr<Reactor>> Reactor::create() {
  FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.is_open()) return system_failure("epoll_create1 failed");
  return std::make_unique<Reactor>(std::move(epoll));
}

Reactor::Reactor(FileDescriptor epoll)
    : epoll_(std::move(epoll)), batch_(std::make_unique<Batch>()) {}

Reactor::~Reactor() = default;

Result<void> Reactor::add(int fd, std::uint64_t token, Watch watch) {
  return control(epoll_, EPOLL_CTL_ADD, fd, {.events = events_of(watch), .data = {.u64 = token}});
}

Result<void> Reactor::modify(int fd, std::uint64_t token, Watch watch) {
  return control(epoll_, EPOLL_CTL_MOD, fd, {.events = events_of(watch), .data = {.u64 = token}});
}

void Reactor::remove(int fd) {
  epoll_event unused{};
  const int result = ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &unused);
  SLUICE_ASSERT(result == 0 || errno == ENOENT);
}

std::span<const Ready> Reactor::wait(Duration timeout) {
  const int count = wait_for(epoll_.get(), batch_->events, timeout);
  if (count < 0) {
    SLUICE_ASSERT(errno == EINTR);
    return {};
  }
  const auto size = static_cast<std::size_t>(count);
  std::transform(batch_->events.begin(), batch_->events.begin() + count, batch_->ready.begin(),
                 to_ready);
  return {batch_->ready.data(), size};
}

}  // namespace sluice::os
