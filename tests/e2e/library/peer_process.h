// SPDX-License-Identifier: Apache-2.0
//
// A PeerProcess is another program that a test talks to: the broker under test, mosquitto, a client
// that is to be killed. It ends with the object. A BrokerProcess is one that says where it listens.
#pragma once

#include "tests/support/test_certificate.h"

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::e2e {

/// Longer than what a test waits for ever takes.
inline constexpr std::chrono::seconds patience{60};

/// A folder that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class PeerProcess {
 public:
  explicit PeerProcess(const std::vector<std::string>& command);
  PeerProcess(const PeerProcess&) = delete;
  PeerProcess& operator=(const PeerProcess&) = delete;
  ~PeerProcess();

  /// Waits until it has printed a line that holds the text; that line, or empty when it ended.
  std::string wait_for_line(const std::string& text);
  /// kill -9, and waits.
  void kill();
  /// Waits for its end; the exit code, or 128 and the signal.
  int wait();
  void signal(int number);
  pid_t id() const { return pid_; }

 private:
  void read_all();

  pid_t pid_ = -1;
  int output_ = -1;
  std::thread reader_;  ///< who prints must never wait for a test that does not read
  std::mutex mutex_;
  std::condition_variable printed_;
  std::string unread_;
  bool is_at_end_ = false;
};

enum class Peer { sluice, mosquitto, nats };

/// Whether the program of that peer is there. Where peers are required, a missing one is a failure.
bool has_peer(Peer peer);

/// What a broker listens for.
enum class Wire { tcp, tls, web_socket, web_socket_tls };

class BrokerProcess {
 public:
  explicit BrokerProcess(Peer peer = Peer::sluice, std::vector<std::string> settings = {},
                         Wire wire = Wire::tcp);

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& host = "127.0.0.1") const;
  /// Of the broker's certificate, which is for `localhost` and 127.0.0.1 and signs itself.
  const test::TestCertificate& certificate() const { return certificate_; }
  void kill() { process_.reset(); }
  /// Starts it again on the same port.
  void restart() { start(); }
  pid_t id() const { return process_->id(); }

 private:
  void start();
  std::vector<std::string> command();
  std::vector<std::string> sluice_command() const;
  std::vector<std::string> mosquitto_command() const;
  std::vector<std::string> nats_command() const;
  bool is_framed() const { return wire_ == Wire::web_socket || wire_ == Wire::web_socket_tls; }
  bool has_tls() const { return wire_ == Wire::tls || wire_ == Wire::web_socket_tls; }

  Peer peer_;
  Wire wire_;
  test::TestCertificate certificate_{"localhost"};
  std::vector<std::string> settings_;
  TemporaryFolder folder_;
  std::uint16_t port_ = 0;
  std::unique_ptr<PeerProcess> process_;
};

}  // namespace sluice::e2e
