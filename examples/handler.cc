// SPDX-License-Identifier: Apache-2.0
//
// Echoes what comes on one topic to another, in a handler, and tells how the connection stands.
//
// Usage: handler URL
#include <sluice/client.hpp>

#include <iostream>

int main(int count, char** words) {
  using namespace std::chrono_literals;
  sluice::client mq{count > 1 ? words[1] : "mqtt://localhost"};
  // [state]
  mq.on_state([](const sluice::connection_state& now) {
    if (const auto* up = std::get_if<sluice::connected>(&now)) {
      std::cout << "connected as " << up->client_id << '\n';
    } else if (const auto* lost = std::get_if<sluice::disconnected>(&now)) {
      std::cout << lost->why.text << ", again in " << lost->retry_in.count() << " ms\n";
    }
  });
  // [/state]
  // [handler]
  const auto echo = mq.subscribe("in", {}, [&mq](const sluice::message& m) {
    mq.publish("out", m.text(), {.qos = m.qos}).detach();
  });
  // [/handler]
  auto answers = mq.subscribe("out").get_for(10s).value();
  mq.publish("in", "there and back", {.qos = sluice::qos::exactly_once}).detach();
  const auto got = answers.next().get_for(10s).value();
  std::cout << (got ? got->text() : "nothing") << '\n';
  return got ? 0 : 1;
}
