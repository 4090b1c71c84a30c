// SPDX-License-Identifier: Apache-2.0
#include "tests/support/broker_under_test/socket_broker.h"

#include "config/option_value.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace sluice::testing {
namespace {

constexpr int patience_ms = 20'000;
constexpr int quiet_ms = 200;  // for who cannot be fenced: not connected

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::abort();
}

// --set for each option that is not what it is by default.
std::vector<std::string> settings_of(const core::CoreOptions& options) {
  std::vector<std::string> out;
  core::CoreOptions chosen = options;
  core::CoreOptions defaults;
  for (const OptionRow& row : core::core_option_table().rows) {
    const auto value = config::read_option(row, &chosen);
    if (value == config::read_option(row, &defaults)) continue;
    std::string text = config::format_option(row, value);
    std::erase(text, '"');
    out.push_back("--set");
    out.push_back(config::option_path(row) + "=" + text);
  }
  return out;
}

}  // namespace

SocketClient::SocketClient(SocketBroker& broker, std::uint16_t port) : broker_(broker) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    give_up("connect");
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

SocketClient::~SocketClient() {
  if (socket_ >= 0) ::close(socket_);
}

void SocketClient::send_bytes(const Bytes& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto sent = ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return;  // closed by the broker, which the test will see
    at += static_cast<std::size_t>(sent);
  }
  // What another client sends next is to come behind it.
  broker_.fence(*this);
}

void SocketClient::note_sent(PacketType) { ++pings_; }

bool SocketClient::fill(int wait_ms) {
  pollfd wanted{.fd = socket_, .events = POLLIN, .revents = 0};
  if (socket_ < 0 || is_at_end_ || ::poll(&wanted, 1, wait_ms) <= 0) return false;
  std::array<std::uint8_t, 65536> part{};
  const auto size = ::recv(socket_, part.data(), part.size(), 0);
  if (size <= 0)
    is_at_end_ = true;
  else
    received_.insert(received_.end(), part.begin(), part.begin() + size);
  parse();
  return true;
}

// The answers to fences are nobody's; those of the test come first.
void SocketClient::parse() {
  ByteView stream(received_);
  while (auto packet = decode(stream, version())) {
    if (const auto* connack = std::get_if<Connack>(&*packet)) is_connected_ = connack->code == 0;
    if (std::holds_alternative<Pingresp>(*packet)) {
      if (pings_ == 0) {
        --fences_;
        continue;
      }
      --pings_;
    }
    packets_.push_back(std::move(*packet));
  }
  received_.erase(received_.begin(), received_.end() - static_cast<std::ptrdiff_t>(stream.size()));
}

std::optional<Received> SocketClient::pop() {
  if (packets_.empty()) return std::nullopt;
  Received packet = std::move(packets_.front());
  packets_.pop_front();
  return packet;
}

void SocketClient::fence() {
  if (!is_connected_ || is_at_end_) {
    while (fill(quiet_ms)) {
    }
    return;
  }
  ++fences_;
  send_bytes(bytes_of(Pingreq{}));
  while ((fences_ > 0 || pings_ > 0) && fill(patience_ms)) {
  }
}

std::optional<Received> SocketClient::receive() {
  if (packets_.empty()) {
    broker_.fence();
    fence();
  }
  return pop();
}

std::optional<Received> SocketClient::receive_expected() {
  while (packets_.empty() && fill(patience_ms)) {
  }
  return pop();
}

void SocketClient::expect_end() {
  while (fill(patience_ms)) {
  }
  if (const auto packet = pop())
    ADD_FAILURE() << "the end was expected, but " << to_text(*packet) << " came";
}

bool SocketClient::is_closed() {
  if (is_at_end_) return true;
  broker_.fence();
  fence();
  return is_at_end_;
}

void SocketClient::cut() {
  ::close(socket_);
  socket_ = -1;
  is_at_end_ = true;
  broker_.fence();
}

SocketBroker::SocketBroker(const BrokerSetup& setup) {
  start(setup);
  port_ = read_port();
  if (!setup.is_anonymous_allowed) return;
  own_ = std::make_unique<SocketClient>(*this, port_);
  own_->send(Connect{.version = Version::v3_1_1, .client_id = "fence"});
  own_->expect(Connack{});
}

void SocketBroker::start(const BrokerSetup& setup) {
  const char* program = std::getenv("SLUICE_BINARY");
  if (program == nullptr) give_up("SLUICE_BINARY names no program");
  std::string folder = std::filesystem::temp_directory_path() / "sluice-socket-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) give_up("mkdtemp");
  folder_ = folder;
  std::vector<std::string> words{program,  "serve",           "--port",       "0",
                                 "--bind", "127.0.0.1",       "--threads",    "1",
                                 "--data", folder_ + "/data", "--durability", "memory",
                                 "--set",  "admin.port=0"};
  if (!setup.is_anonymous_allowed)
    words.insert(words.end(), {"--set", "server.allow_anonymous=false"});
  for (std::string& word : settings_of(setup.options)) words.push_back(std::move(word));
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) give_up("pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDERR_FILENO);
  posix_spawn_file_actions_addclose(&actions, pipe[0]);
  posix_spawn_file_actions_addclose(&actions, pipe[1]);
  if (::posix_spawn(&process_, program, &actions, nullptr, arguments.data(), environ) != 0)
    give_up("posix_spawn");
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  output_ = pipe[0];
}

// From the banner: "listening on 127.0.0.1:PORT (mqtt)".
std::uint16_t SocketBroker::read_port() {
  constexpr std::string_view before = "listening on 127.0.0.1:";
  std::string text;
  while (true) {
    pollfd wanted{.fd = output_, .events = POLLIN, .revents = 0};
    std::array<char, 4096> part{};
    const bool is_there = ::poll(&wanted, 1, patience_ms) > 0;
    const auto size = is_there ? ::read(output_, part.data(), part.size()) : 0;
    if (size <= 0) {
      std::fprintf(stderr, "the broker did not start:\n%s\n", text.c_str());
      std::abort();
    }
    text.append(part.data(), static_cast<std::size_t>(size));
    const auto at = text.find(before);
    if (at != std::string::npos && text.find(" (mqtt)", at) != std::string::npos)
      return static_cast<std::uint16_t>(std::atoi(text.c_str() + at + before.size()));
  }
}

SocketBroker::~SocketBroker() {
  clients_.clear();
  own_.reset();
  ::kill(process_, SIGTERM);
  // Nobody reads what it says; it must not wait for that.
  ::close(output_);
  int status = 0;
  ::waitpid(process_, &status, 0);
  EXPECT_FALSE(WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE)
      << "the broker ended by a signal";
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

SocketClient& SocketBroker::open() {
  clients_.push_back(std::make_unique<SocketClient>(*this, port_));
  return *clients_.back();
}

SocketClient& SocketBroker::connect(const Connect& packet) {
  SocketClient& client = open();
  client.send(packet);
  client.expect(Connack{});
  return client;
}

SocketClient& SocketBroker::resume(const Connect& packet) {
  SocketClient& client = open();
  client.send(packet);
  client.expect(Connack{.session_present = true});
  return client;
}

void SocketBroker::fence(const SocketClient& after) {
  if (own_ && &after != own_.get()) fence();
}

// Twice: what arrived together with the first is done before the second.
void SocketBroker::fence() {
  if (!own_) return;
  own_->fence();
  own_->fence();
}

}  // namespace sluice::testing
