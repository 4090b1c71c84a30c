// SPDX-License-Identifier: Apache-2.0
//
// A program that is to be killed: queues messages in a file and says so, or sends what it finds.
//
// Usage: queue_peer URL FILE COUNT [QOS]      COUNT 0: send what is there, and exit 0
#include <sluice/client.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

int main(int count, char** words) {
  using namespace std::chrono_literals;
  if (count < 4) return 2;
  const int messages = std::atoi(words[3]);
  const auto level = count > 4 && std::string(words[4]) == "2" ? sluice::qos::exactly_once
                                                               : sluice::qos::at_least_once;
  sluice::client mq{words[1],
                    {.client_id = "queue-peer",
                     .session_expiry = 1h,
                     .reconnect = {.first = 10ms, .max = 100ms},
                     .offline = {.max_messages = 1'000'000, .path = words[2]}}};
  for (int at = 0; at < messages; ++at) {
    mq.publish("queued", std::to_string(at), {.qos = level}).detach();
  }
  std::cout << "queued" << '\n' << std::flush;
  if (messages > 0) {
    while (true) static_cast<void>(mq.next_state().get());
  }
  const auto sent = mq.flush().get_for(60s);
  if (!sent) std::cout << sent.error().text << '\n' << std::flush;
  return sent ? 0 : 1;
}
