// SPDX-License-Identifier: Apache-2.0
//
// SocketBroker is the built program, started for one test on a free port of the loopback, with raw
// clients at real sockets. It reads like InProcessBroker, so that the same tests run on both; it
// has no clock to move and no inside to look at.
//
// That nothing comes is shown by a fence: a PINGREQ, whose answer comes behind all that the broker
// had to do before.
//
// Owner:   the test.      Thread: one.
// Limits:  what must come is waited for 20 s.
#pragma once

#include "tests/support/broker_setup.h"
#include "tests/support/client_script.h"

#include <sys/types.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace sluice::testing {

class SocketBroker;

class SocketClient final : public ClientScript {
 public:
  SocketClient(SocketBroker& broker, std::uint16_t port);
  ~SocketClient() override;
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  void send_bytes(const Bytes& bytes) override;
  std::optional<Received> receive() override;
  bool is_closed() override;
  void cut() override;
  /// All that was sent before is done, and what came of it for this client has arrived.
  void fence();

 private:
  std::optional<Received> receive_expected() override;
  void expect_end() override;
  void note_sent(PacketType type) override;
  /// Reads what is there, or waits for it; false at the end of the time.
  bool fill(int wait_ms);
  void parse();
  std::optional<Received> pop();

  SocketBroker& broker_;
  int socket_ = -1;
  bool is_at_end_ = false;
  bool is_connected_ = false;
  int pings_ = 0;   // of the test, not answered
  int fences_ = 0;  // not answered
  Bytes received_;
  std::deque<Received> packets_;
};

class SocketBroker {
 public:
  explicit SocketBroker(const BrokerSetup& setup = {});
  ~SocketBroker();
  SocketBroker(const SocketBroker&) = delete;
  SocketBroker& operator=(const SocketBroker&) = delete;

  SocketClient& open();
  /// A client that is connected: CONNACK has come and been checked.
  SocketClient& connect(const Connect& packet);
  /// The same for a client that comes back to its session.
  SocketClient& resume(const Connect& packet);
  /// What was sent before by anybody is done.
  void fence();
  /// The same after that client has sent something.
  void fence(const SocketClient& after);

 private:
  void start(const BrokerSetup& setup);
  std::uint16_t read_port();

  pid_t process_ = -1;
  int output_ = -1;
  std::uint16_t port_ = 0;
  std::string folder_;
  std::unique_ptr<SocketClient> own_;  // for fences
  std::vector<std::unique_ptr<SocketClient>> clients_;
};

}  // namespace sluice::testing
