// SPDX-License-Identifier: Apache-2.0
//
// Prints ten messages of a subscription, as a coroutine. Ctrl-C ends it in good order.
//
// Usage: subscribe URL
#include <sluice/client.hpp>

#include <iostream>

// [stream]
sluice::task<> print(sluice::client& mq) {
  auto stream = (co_await mq.subscribe("site/+/temperature", {.queue = 256})).value();
  for (int at = 0; at < 10; ++at) {
    const auto m = (co_await stream.next()).value();
    if (!m) co_return;  // the subscription was closed
    std::cout << m->topic << ' ' << m->text() << '\n';
  }
}
// [/stream]

int main(int count, char** words) {
  // [run]
  sluice::client mq{count > 1 ? words[1] : "mqtt://localhost"};
  return sluice::run(print(mq));
  // [/run]
}
