// SPDX-License-Identifier: Apache-2.0
//
// A thousand clients on one thread.
//
// Usage: many_clients URL [COUNT]
#include <sluice/client.hpp>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <vector>

int main(int count, char** words) {
  using namespace std::chrono_literals;
  const char* url = count > 1 ? words[1] : "mqtt://localhost";
  const int wanted = count > 2 ? std::atoi(words[2]) : 1000;
  // [shared]
  sluice::loop shared;
  std::vector<sluice::client> clients;
  for (int at = 0; at < wanted; ++at)
    clients.emplace_back(url, sluice::client_options{.loop = &shared});
  // [/shared]
  int ready = 0;
  for (auto& mq : clients) ready += mq.ready().get_for(60s) ? 1 : 0;
  std::vector<sluice::operation<sluice::puback>> sent;
  for (auto& mq : clients) {
    sent.push_back(mq.publish("many", "x", {.qos = sluice::qos::at_least_once}));
  }
  int acknowledged = 0;
  for (auto& one : sent) acknowledged += one.get_for(60s) ? 1 : 0;
  std::cout << ready << " connected, " << acknowledged << " acknowledged\n";
  return acknowledged == wanted ? 0 : 1;
}
