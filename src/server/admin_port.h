// SPDX-License-Identifier: Apache-2.0
//
// AdminPort serves the administration port: HTTP connections in the control thread, requests
// answered by admin/'s rows from a snapshot that is gathered for them.
//
// Owner:   Server.       Thread: the control thread.
// Limits:  connections_max connections at a time; net::HttpLimits, net::HttpTimeouts.
#pragma once

#include "admin/options.h"
#include "admin/routes.h"
#include "net/http/http_connection.h"
#include "net/listener.h"
#include "os/reactor/reactor.h"

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::server {

class AdminPort {
 public:
  using Gather = std::function<admin::AdminSnapshot(admin::SnapshotPart)>;
  /// What a request may do; each says whether there was anything to do it to.
  struct Actions {
    std::function<bool(const std::string&)> kick;
    std::function<bool(const std::string&, Duration)> ban;
    std::function<bool(const std::string&)> unban;
  };
  static constexpr std::size_t connections_max = 64;
  static constexpr std::uint64_t listener_token = 1;
  static constexpr std::uint64_t first_connection_token = 16;

  AdminPort(const admin::AdminOptions& options, os::Reactor& reactor, Gather gather,
            Actions actions);
  ~AdminPort();

  Result<void> open();
  std::string address() const;
  /// Whether a token of the reactor is one of ours.
  bool owns(std::uint64_t token) const {
    return token == listener_token || token >= first_connection_token;
  }
  void on_ready(std::uint64_t token, Instant now);
  void on_deadline(Instant now);
  Instant next_deadline() const;
  /// A connection has more to do: call on_busy() without waiting.
  bool has_work() const { return !busy_.empty(); }
  void on_busy(Instant now);

 private:
  net::HttpResponse respond(const net::HttpRequest& request);
  void step(std::uint64_t token, Instant now);
  void settle(std::uint64_t token, net::HttpState state);

  const admin::AdminOptions& options_;
  os::Reactor& reactor_;
  Gather gather_;
  Actions actions_;
  std::unique_ptr<net::Listener> listener_;
  std::unordered_map<std::uint64_t, std::unique_ptr<net::HttpConnection>> connections_;
  std::vector<std::uint64_t> busy_;
  std::uint64_t next_token_ = first_connection_token;
};

}  // namespace sluice::server
