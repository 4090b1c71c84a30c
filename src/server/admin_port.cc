// SPDX-License-Identifier: Apache-2.0
#include "server/admin_port.h"

#include "os/socket/socket_address.h"

#include <algorithm>

namespace sluice::server {

AdminPort::AdminPort(const admin::AdminOptions& options, os::Reactor& reactor, Gather gather,
                     Actions actions)
    : options_(options),
      reactor_(reactor),
      gather_(std::move(gather)),
      actions_(std::move(actions)) {}

AdminPort::~AdminPort() {
  for (const auto& [token, connection] : connections_) reactor_.remove(connection->fd());
}

Result<void> AdminPort::open() {
  SLUICE_TRY(const auto address,
             os::SocketAddress::from_ip(options_.admin.bind,
                                        static_cast<std::uint16_t>(options_.admin.port)));
  SLUICE_TRY(listener_, net::Listener::open(address, {}));
  return listener_->attach(reactor_, listener_token);
}

std::string AdminPort::address() const {
  return listener_ ? listener_->address().text() : std::string();
}

net::HttpResponse AdminPort::respond(const net::HttpRequest& request) {
  const admin::AdminRequest wanted{request.method, request.target, request.header("host")};
  const auto match = admin::find_route(wanted, options_.admin);
  admin::AdminResponse answer =
      match ? admin::answer(*match, gather_(match->route->part)) : match.error();
  if (answer.ban && !actions_.ban(*answer.ban, answer.ban_time))
    answer = admin::refuse(400, "an IP address is what can be banned");
  if (answer.unban && !actions_.unban(*answer.unban))
    answer = admin::refuse(404, "that address is not banned");
  if (answer.kick && !actions_.kick(*answer.kick))
    answer = admin::refuse(404, "no such client is connected");
  net::HttpResponse response{
      .status = answer.status, .content_type = answer.content_type, .body = answer.body};
  if (!answer.allow.empty()) response.headers.emplace_back("Allow", answer.allow);
  return response;
}

void AdminPort::on_ready(std::uint64_t token, Instant now) {
  if (token != listener_token) {
    step(token, now);
    return;
  }
  std::vector<std::unique_ptr<net::Transport>> accepted;
  listener_->accept(accepted, now);
  for (auto& transport : accepted) {
    if (connections_.size() >= connections_max) continue;  // closed by its destructor
    const std::uint64_t connection = next_token_++;
    if (!reactor_.add(transport->fd(), connection, os::Watch::edge)) continue;
    connections_.emplace(connection, std::make_unique<net::HttpConnection>(
                                         std::move(transport),
                                         [this](const net::HttpRequest& request, const Peer&) {
                                           return respond(request);
                                         },
                                         net::HttpLimits{}, net::HttpTimeouts{}, now));
    step(connection, now);
  }
}

void AdminPort::step(std::uint64_t token, Instant now) {
  const auto found = connections_.find(token);
  if (found != connections_.end()) settle(token, found->second->on_ready(now));
}

void AdminPort::settle(std::uint64_t token, net::HttpState state) {
  if (state == net::HttpState::busy) busy_.push_back(token);
  if (state != net::HttpState::closed && state != net::HttpState::upgraded) return;
  const auto found = connections_.find(token);
  reactor_.remove(found->second->fd());
  connections_.erase(found);
}

void AdminPort::on_busy(Instant now) {
  std::vector<std::uint64_t> busy;
  busy.swap(busy_);
  for (const std::uint64_t token : busy) step(token, now);
}

Instant AdminPort::next_deadline() const {
  Instant next = listener_ ? listener_->next_deadline() : Instant::never();
  for (const auto& [token, connection] : connections_)
    next = std::min(next, connection->next_deadline());
  return next;
}

void AdminPort::on_deadline(Instant now) {
  if (listener_) listener_->on_deadline(now);
  std::vector<std::uint64_t> due;
  for (const auto& [token, connection] : connections_)
    if (connection->next_deadline() <= now) due.push_back(token);
  for (const std::uint64_t token : due) settle(token, connections_.at(token)->on_deadline(now));
}

}  // namespace sluice::server
