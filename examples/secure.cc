// SPDX-License-Identifier: Apache-2.0
//
// Connects over TLS, trusting one authority only, and says why if that fails.
//
// Usage: secure URL FILE      FILE: the authority's certificate, PEM
#include <sluice/client.hpp>

#include <iostream>

int main(int count, char** words) {
  using namespace std::chrono_literals;
  const char* url = count > 1 ? words[1] : "mqtts://localhost";
  const char* authority = count > 2 ? words[2] : "";
  // [secure]
  sluice::client mq{url, {.tls = {.ca_file = authority}}};
  const auto ready = mq.ready().get_for(10s);
  // [/secure]
  if (!ready) {
    std::cerr << ready.error().text << '\n';
    return 1;
  }
  std::cout << "connected over TLS\n";
  return 0;
}
