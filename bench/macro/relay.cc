// SPDX-License-Identifier: Apache-2.0
//
// The floor under a broker's figures: a relay with the same reads and writes and no MQTT. It
// answers CONNECT and SUBSCRIBE with fixed bytes, notes who subscribed to which topic, and from the
// first PUBLISH of a connection on passes its bytes, unread, to those who did. A message costs here
// what epoll, recv and send cost; what a broker takes beyond that is its own.
//
// QoS 0 and plain topics only, whole packets in each write of the publisher's. Usage:
// relay [CERTIFICATE KEY], over TLS with these; it prints the port that it listens on.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace {

struct FreeTls {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

struct Connection {
  int fd = -1;
  std::unique_ptr<SSL, FreeTls> tls;  ///< null: in the clear
  bool is_relaying = false;
  std::vector<Connection*> receivers;  ///< of a publisher
  std::vector<std::uint8_t> unsent;
};

// As recv() and send(): -1 with EAGAIN where the connection has to wait.
ssize_t result_of(Connection& connection, int done) {
  if (done > 0) return done;
  const int kind = SSL_get_error(connection.tls.get(), done);
  if (kind != SSL_ERROR_WANT_READ && kind != SSL_ERROR_WANT_WRITE) return 0;
  errno = EAGAIN;
  return -1;
}

ssize_t receive(Connection& from, std::span<std::uint8_t> into) {
  if (!from.tls) return ::recv(from.fd, into.data(), into.size(), 0);
  return result_of(from, SSL_read(from.tls.get(), into.data(), static_cast<int>(into.size())));
}

ssize_t transmit(Connection& to, std::span<const std::uint8_t> bytes) {
  if (!to.tls) return ::send(to.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  const ssize_t sent =
      result_of(to, SSL_write(to.tls.get(), bytes.data(), static_cast<int>(bytes.size())));
  if (sent == 0) errno = EPIPE;
  return sent == 0 ? -1 : sent;
}

class Relay {
 public:
  /// Over TLS from now on.
  bool use(const char* certificate, const char* key);
  int run();

 private:
  void accept_all();
  void read(Connection& from);
  bool greet(Connection& from, std::span<const std::uint8_t> bytes);
  void send(Connection& to, std::span<const std::uint8_t> bytes);
  void drain(Connection& to);
  void close(Connection& connection);

  std::unique_ptr<SSL_CTX, FreeTls> context_;
  int listener_ = -1;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::map<std::string, std::vector<Connection*>> subscribers_;
  std::array<std::uint8_t, 262'144> buffer_{};
};

void watch(int epoll, int fd, void* what, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = what;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) std::perror("relay: epoll_ctl");
}

bool Relay::use(const char* certificate, const char* key) {
  context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_mode(context_.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return SSL_CTX_use_certificate_chain_file(context_.get(), certificate) == 1 &&
         SSL_CTX_use_PrivateKey_file(context_.get(), key, SSL_FILETYPE_PEM) == 1;
}

int Relay::run() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, raw, size) != 0 || ::listen(listener_, 4096) != 0 ||
      ::getsockname(listener_, raw, &size) != 0) {
    std::perror("relay");
    return 1;
  }
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  watch(epoll_, listener_, nullptr, EPOLLIN);
  std::printf("listening on 127.0.0.1:%d (relay)\n", ntohs(address.sin_port));
  std::fflush(stdout);
  std::array<epoll_event, 512> events;
  for (;;) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      const std::uint32_t ready = events[static_cast<std::size_t>(i)].events;
      if (connection == nullptr) {
        accept_all();
        continue;
      }
      if ((ready & EPOLLOUT) != 0 && !connection->unsent.empty()) drain(*connection);
      if ((ready & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read(*connection);
    }
  }
}

void Relay::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_.push_back(std::make_unique<Connection>());
    connections_.back()->fd = fd;
    if (context_) {
      connections_.back()->tls.reset(SSL_new(context_.get()));
      SSL_set_fd(connections_.back()->tls.get(), fd);
      SSL_set_accept_state(connections_.back()->tls.get());
    }
    watch(epoll_, fd, connections_.back().get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  }
}

void Relay::read(Connection& from) {
  while (from.fd >= 0) {
    const ssize_t got = receive(from, buffer_);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return close(from);
    const std::span<const std::uint8_t> bytes(buffer_.data(), static_cast<std::size_t>(got));
    if (!from.is_relaying && greet(from, bytes)) continue;
    for (Connection* to : from.receivers) send(*to, bytes);
    // A record of TLS is less than the buffer, and another may stand behind it.
    if (bytes.size() < buffer_.size() && !from.tls) return;
  }
}

// Fixed answers while a client settles; false once it publishes.
bool Relay::greet(Connection& from, std::span<const std::uint8_t> bytes) {
  const unsigned kind = bytes[0] >> 4;
  const auto field = [&](std::size_t at) {
    const std::size_t size = bytes[at] * 256U + bytes[at + 1];
    return std::string(reinterpret_cast<const char*>(bytes.data()) + at + 2, size);
  };
  std::size_t header = 2;  // the fixed header: one byte, and one to four of length
  while (header < 5 && header < bytes.size() && bytes[header - 1] >= 0x80) ++header;
  if (kind == 1) {
    send(from, std::array<std::uint8_t, 4>{0x20, 2, 0, 0});
  } else if (kind == 8) {
    subscribers_[field(header + 2)].push_back(&from);
    send(from, std::array<std::uint8_t, 5>{0x90, 3, bytes[header], bytes[header + 1], 0});
  } else if (kind == 3) {
    from.is_relaying = true;
    from.receivers = subscribers_[field(header)];
    return false;
  }
  return true;
}

void Relay::send(Connection& to, std::span<const std::uint8_t> bytes) {
  if (to.fd < 0) return;
  ssize_t sent = 0;
  if (to.unsent.empty()) sent = transmit(to, bytes);
  if (sent < 0 && errno != EAGAIN) return close(to);
  const auto taken = static_cast<std::size_t>(sent < 0 ? 0 : sent);
  to.unsent.insert(to.unsent.end(), bytes.begin() + static_cast<std::ptrdiff_t>(taken),
                   bytes.end());
}

void Relay::drain(Connection& to) {
  const ssize_t sent = transmit(to, to.unsent);
  if (sent > 0) to.unsent.erase(to.unsent.begin(), to.unsent.begin() + sent);
}

void Relay::close(Connection& connection) {
  if (connection.fd >= 0) ::close(connection.fd);
  connection.fd = -1;
  for (auto& [topic, receivers] : subscribers_) std::erase(receivers, &connection);
}

}  // namespace

int main(int argc, char** argv) {
  const auto relay = std::make_unique<Relay>();
  if (argc == 3 && !relay->use(argv[1], argv[2])) {
    std::fputs("relay: these are no certificate and its key\n", stderr);
    return 1;
  }
  return relay->run();
}
