// SPDX-License-Identifier: Apache-2.0
#include "cli/compare/http_server.h"

#include "cli/exit_code.h"
#include "net/http/http_connection.h"
#include "net/listener.h"
#include "os/clock.h"
#include "os/reactor/reactor.h"
#include "os/socket/socket_address.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

namespace sluice::cli {
namespace {

constexpr std::uint64_t listener_token = 0;
constexpr std::size_t connections_max = 1'000;

struct Value {
  std::string text;
  std::uint64_t version = 0;
};

class HttpServer {
 public:
  HttpServer(os::Reactor& reactor, net::Listener& listener)
      : reactor_(reactor), listener_(listener) {}

  void step() {
    const auto batch = reactor_.wait(busy_.empty() ? Duration(-1) : Duration::zero());
    const Instant now = os::monotonic_now();
    std::vector<std::uint64_t> busy;
    busy.swap(busy_);
    for (const std::uint64_t token : busy) settle(token, now);
    for (const os::Ready& ready : batch) {
      if (ready.token == listener_token)
        accept(now);
      else
        settle(ready.token, now);
    }
  }

 private:
  net::HttpResponse respond(const net::HttpRequest& request) {
    Value& value = values_[request.target];
    if (request.method == "POST") {
      value = {.text = request.body, .version = value.version + 1};
      return {.status = 204};
    }
    if (value.version == 0) return {.status = 204};
    const std::string tag = "\"" + std::to_string(value.version) + "\"";
    if (request.header("if-none-match") == tag) return {.status = 304};
    return {.status = 200,
            .content_type = "application/json",
            .headers = {{"ETag", tag}},
            .body = value.text};
  }

  void accept(Instant now) {
    std::vector<std::unique_ptr<net::Transport>> accepted;
    listener_.accept(accepted, now);
    for (auto& transport : accepted) {
      if (connections_.size() >= connections_max) continue;
      const std::uint64_t token = ++last_token_;
      if (!reactor_.add(transport->fd(), token, os::Watch::edge)) continue;
      connections_.emplace(token, std::make_unique<net::HttpConnection>(
                                      std::move(transport),
                                      [this](const net::HttpRequest& request, const Peer&) {
                                        return respond(request);
                                      },
                                      net::HttpLimits{}, net::HttpTimeouts{}, now));
      settle(token, now);
    }
  }

  void settle(std::uint64_t token, Instant now) {
    const auto found = connections_.find(token);
    if (found == connections_.end()) return;
    const net::HttpState state = found->second->on_ready(now);
    if (state == net::HttpState::busy) busy_.push_back(token);
    if (state != net::HttpState::closed && state != net::HttpState::upgraded) return;
    reactor_.remove(found->second->fd());
    connections_.erase(found);
  }

  os::Reactor& reactor_;
  net::Listener& listener_;
  std::map<std::string, Value> values_;
  std::map<std::uint64_t, std::unique_ptr<net::HttpConnection>> connections_;
  std::vector<std::uint64_t> busy_;
  std::uint64_t last_token_ = listener_token;
};

}  // namespace

int serve_http() {
  const auto address = os::SocketAddress::from_ip("127.0.0.1", 0);
  auto reactor = os::Reactor::create();
  if (!address || !reactor) return exit_failure;
  auto listener = net::Listener::open(*address, {});
  if (!listener || !(*listener)->attach(**reactor, listener_token)) return exit_failure;
  std::printf("port %u\n", static_cast<unsigned>((*listener)->address().peer().port));
  std::fflush(stdout);
  HttpServer server(**reactor, **listener);
  for (;;) server.step();
}

}  // namespace sluice::cli
