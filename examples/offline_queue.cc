// SPDX-License-Identifier: Apache-2.0
//
// Messages that outlive the program: they are in the file when publish() returns, and are sent when
// there is a connection, by this run or the next.
//
// Usage: offline_queue URL FILE
#include <sluice/client.hpp>

#include <iostream>

int main(int count, char** words) {
  using namespace std::chrono_literals;
  // [queue]
  sluice::client mq{count > 1 ? words[1] : "mqtt://localhost",
                    {.client_id = "gateway-7",
                     .session_expiry = 24h,
                     .offline = {.max_messages = 100'000,
                                 .on_full = sluice::overflow::drop_oldest,
                                 .path = count > 2 ? words[2] : "queue"}}};
  for (int at = 0; at < 100; ++at) {
    mq.publish("reading", std::to_string(at), {.qos = sluice::qos::at_least_once}).detach();
  }
  // [/queue]
  const auto sent = mq.flush().get_for(10s);
  std::cout << mq.metrics().messages_acknowledged << " acknowledged\n";
  return sent ? 0 : 1;
}
