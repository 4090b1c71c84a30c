// SPDX-License-Identifier: Apache-2.0
#include "os/socket/socket_wait.h"

#include "os/clock.h"

#include <poll.h>

#include <algorithm>

namespace sluice::os {

bool wait_for_socket(int fd, SocketWait wanted, Instant deadline) {
  constexpr std::int64_t turn_ms_max = 1000;
  const auto events = static_cast<short>(wanted == SocketWait::readable ? POLLIN : POLLOUT);
  pollfd state{.fd = fd, .events = events, .revents = 0};
  // In turns, and again after a signal: the deadline alone decides.
  for (;;) {
    const Duration left = deadline - monotonic_now();
    const auto left_ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    const auto turn_ms = std::clamp<std::int64_t>(left_ms, 0, turn_ms_max);
    if (::poll(&state, 1, static_cast<int>(turn_ms)) > 0) return true;
    if (left <= Duration{}) return false;
  }
}

}  // namespace sluice::os
