// SPDX-License-Identifier: Apache-2.0
//
// A client on the program's own poll(): no thread is started.
//
// Usage: own_loop URL
#include <poll.h>
#include <sluice/client.hpp>

#include <algorithm>
#include <iostream>

// [wait]
int milliseconds_until(std::optional<std::chrono::steady_clock::time_point> deadline,
                       std::chrono::steady_clock::time_point now) {
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - now);
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(0, left.count()));
}
// [/wait]

int main(int count, char** words) {
  // [loop]
  sluice::loop mine{sluice::loop::drive::by_caller};
  sluice::client mq{count > 1 ? words[1] : "mqtt://localhost", {.loop = &mine}};
  auto done = mq.publish("tick", "1", {.qos = sluice::qos::at_least_once});
  while (!done.is_done()) {
    pollfd wanted{.fd = mine.fd(), .events = POLLIN, .revents = 0};
    poll(&wanted, 1, milliseconds_until(mine.deadline(), std::chrono::steady_clock::now()));
    mine.process();
  }
  // [/loop]
  const auto result = done.get();
  std::cout << (result ? "acknowledged" : result.error().text) << '\n';
  return result ? 0 : 1;
}
