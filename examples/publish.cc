// SPDX-License-Identifier: Apache-2.0
//
// Publishes one message and waits until the server has it.
//
// Usage: publish URL
#include <sluice/client.hpp>

#include <iostream>

int main(int count, char** words) {
  using namespace std::chrono_literals;
  // [publish]
  sluice::client mq{count > 1 ? words[1] : "mqtt://localhost"};
  const auto done =
      mq.publish("greeting", "hello", {.qos = sluice::qos::at_least_once}).get_for(5s);
  // [/publish]
  if (!done) std::cerr << done.error().text << '\n';
  if (done) std::cout << "acknowledged\n";
  return done ? 0 : 1;
}
