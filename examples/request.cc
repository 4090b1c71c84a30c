// SPDX-License-Identifier: Apache-2.0
//
// Asks a question and answers it: MQTT 5 request and response.
//
// Usage: request URL
#include <sluice/client.hpp>

#include <iostream>

int main(int count, char** words) {
  using namespace std::chrono_literals;
  const char* url = count > 1 ? words[1] : "mqtt://localhost";
  // [serve]
  sluice::client server{url};
  auto served = server.serve("double", {}, [](const sluice::message& asked) {
    return std::to_string(2 * std::stoi(asked.payload));
  });
  // [/serve]
  if (!served.wait_for(10s)) return 1;
  // [request]
  sluice::client mq{url};
  const auto answer = mq.request("double", "21").get_for(10s);
  // [/request]
  std::cout << (answer ? answer->payload : answer.error().text) << '\n';
  return answer ? 0 : 1;
}
