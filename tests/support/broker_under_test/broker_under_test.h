// SPDX-License-Identifier: Apache-2.0
//
// The broker that conformance tests talk to. Which one that is, the linker decides: the one in this
// process, on a clock that does not move (in_process.cc), or the built program behind a socket
// (over_socket.cc). Thus the scripts are compiled once.
//
// Owner:   the test.      Thread: one.
#pragma once

#include "tests/support/broker_setup.h"
#include "tests/support/client_script.h"

#include <memory>

namespace sluice::testing {

using Client = ClientScript;

class Broker {
 public:
  explicit Broker(const BrokerSetup& setup = {});
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  /// A new connection. A client lives as long as the broker.
  Client& open();
  /// A client that is connected: CONNACK has come and been checked.
  Client& connect(const Connect& packet);
  /// The same for a client that comes back to its session.
  Client& resume(const Connect& packet);

 private:
  struct Linked;
  std::unique_ptr<Linked> linked_;
};

}  // namespace sluice::testing
