// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/library/peer_process.h"

#include "os/clock.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string_view>

namespace sluice::e2e {
namespace {

std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ::bind(probe, reinterpret_cast<const sockaddr*>(&address), size);
  ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(probe);
  return ntohs(address.sin_port);
}

std::string find_program(const std::string& name) {
  for (const char* folder : {"/usr/sbin/", "/usr/bin/"}) {
    if (std::filesystem::exists(folder + name)) return folder + name;
  }
  return {};
}

bool can_connect(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool is_open =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(probe);
  return is_open;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sluice-e2e-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

PeerProcess::PeerProcess(const std::vector<std::string>& command) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  std::vector<char*> arguments;
  for (const std::string& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(ends[1], 1);
    ::dup2(ends[1], 2);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  output_ = ends[0];
  reader_ = std::thread([this] { read_all(); });
}

PeerProcess::~PeerProcess() {
  kill();
  if (reader_.joinable()) reader_.join();
  ::close(output_);
}

void PeerProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  wait();
}

void PeerProcess::signal(int number) { ::kill(pid_, number); }

int PeerProcess::wait() {
  if (pid_ <= 0) return -1;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void PeerProcess::read_all() {
  char bytes[4096];
  for (ssize_t got = 0; (got = ::read(output_, bytes, sizeof(bytes))) > 0;) {
    const std::lock_guard lock(mutex_);
    unread_.append(bytes, static_cast<std::size_t>(got));
    printed_.notify_all();
  }
  const std::lock_guard lock(mutex_);
  is_at_end_ = true;
  printed_.notify_all();
}

std::string PeerProcess::wait_for_line(const std::string& text) {
  std::unique_lock lock(mutex_);
  for (;;) {
    for (std::size_t end = 0; (end = unread_.find('\n')) != std::string::npos;) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      if (line.find(text) != std::string::npos) return line;
    }
    if (is_at_end_) return {};
    printed_.wait(lock);
  }
}

bool has_peer(Peer peer) {
  if (peer == Peer::sluice) return true;
  const std::string name = peer == Peer::mosquitto ? "mosquitto" : "nats-server";
  if (!find_program(name).empty()) return true;
  if (std::getenv("SLUICE_REQUIRE_PEERS") != nullptr) ADD_FAILURE() << name << " is missing";
  return false;
}

BrokerProcess::BrokerProcess(Peer peer, std::vector<std::string> settings, Wire wire)
    : peer_(peer), wire_(wire), settings_(std::move(settings)), port_(free_port()) {
  start();
}

std::string BrokerProcess::url(const std::string& host) const {
  const std::string scheme =
      is_framed() ? (has_tls() ? "wss" : "ws") : (has_tls() ? "mqtts" : "mqtt");
  return scheme + "://" + host + ":" + std::to_string(port_) + (is_framed() ? "/mqtt" : "");
}

std::vector<std::string> BrokerProcess::command() {
  if (peer_ == Peer::mosquitto) return mosquitto_command();
  if (peer_ == Peer::nats) return nats_command();
  return sluice_command();
}

std::vector<std::string> BrokerProcess::mosquitto_command() const {
  const std::string folder = folder_.path().string();
  std::ofstream file(folder + "/mosquitto.conf");
  file << "allow_anonymous true\nuser root\n"
       << "max_queued_messages 0\nmax_inflight_messages 1000\nset_tcp_nodelay true\n";
  // Without another listener, 2.0.11 does not count the one for WebSocket and ends.
  if (is_framed()) file << "listener 0 " << folder << "/socket\n";
  file << "listener " << port_ << " 127.0.0.1\n";
  if (is_framed()) file << "protocol websockets\n";
  if (has_tls()) {
    file << "certfile " << certificate_.certificate_file() << "\nkeyfile "
         << certificate_.key_file() << "\n";
  }
  for (const std::string& line : settings_) file << line << "\n";
  return {find_program("mosquitto"), "-c", folder + "/mosquitto.conf"};
}

std::vector<std::string> BrokerProcess::nats_command() const {
  const std::string folder = folder_.path().string();
  std::ofstream file(folder + "/nats.conf");
  const std::string listen = "listen: 127.0.0.1:" + std::to_string(port_);
  const std::string tls = has_tls() ? ", tls { cert_file: \"" + certificate_.certificate_file() +
                                          "\", key_file: \"" + certificate_.key_file() + "\" }"
                                    : "";
  file << "listen: 127.0.0.1:-1\nserver_name: test\njetstream { store_dir: \"" << folder
       << "/js\" }\n";
  if (!is_framed()) {
    file << "mqtt { " << listen << tls << " }\n";
  } else {
    file << "mqtt { listen: 127.0.0.1:-1 }\n"
         << "websocket { " << listen << (has_tls() ? tls : ", no_tls: true") << " }\n";
  }
  return {find_program("nats-server"), "-c", folder + "/nats.conf"};
}

std::vector<std::string> BrokerProcess::sluice_command() const {
  std::vector<std::string> words{std::getenv("SLUICE_BINARY"),
                                 "serve",
                                 "--bind",
                                 "127.0.0.1",
                                 "--threads",
                                 "1",
                                 "--data",
                                 folder_.path().string() + "/data",
                                 "--durability",
                                 "memory",
                                 "--set",
                                 "admin.port=0",
                                 "--port"};
  words.push_back(wire_ == Wire::tcp ? std::to_string(port_) : "0");
  if (wire_ != Wire::tcp) {
    words.insert(words.end(), {"--listen", url()});
    if (has_tls()) {
      words.back() +=
          "?cert=" + certificate_.certificate_file() + "&key=" + certificate_.key_file();
    }
  }
  words.insert(words.end(), settings_.begin(), settings_.end());
  return words;
}

void BrokerProcess::start() {
  process_ = std::make_unique<PeerProcess>(command());
  if (peer_ == Peer::sluice) {
    EXPECT_NE(process_->wait_for_line("listening on"), "");
    return;
  }
  const Instant end = os::monotonic_now() + 60s;
  while (!can_connect(port_) && os::monotonic_now() < end) ::sched_yield();
}

}  // namespace sluice::e2e
