// SPDX-License-Identifier: Apache-2.0
//
// An HttpConnection serves HTTP/1.1 on one Transport: requests in order, pipelined or not, one
// response for each, keep-alive, and an upgrade that gives the transport back. It owns no
// descriptor in a reactor and reads no clock: its owner calls on_ready() for events and
// on_deadline() for time.
//
// Owner:   the admin server, a WebSocket listener.   Thread: its owner's.
// Never:   blocks; calls the handler from within itself; buffers more than one response and
//          what a client pipelined within one read.
// Limits:  HttpLimits; HttpTimeouts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "net/http/http_parser.h"
#include "net/transport/transport.h"

namespace sluice::net {

struct HttpTimeouts {
  Duration request = 10s;   ///< from the first byte of a request to its last
  Duration idle = 60s;      ///< between requests
  Duration response = 30s;  ///< without the client taking a byte of a response
};

enum class HttpState : std::uint8_t {
  open,      ///< go on calling
  closed,    ///< destroy it
  upgraded,  ///< the 101 is sent: release() the transport
};

class HttpConnection {
 public:
  /// Called for each request. A response of status 101 upgrades the connection.
  using Handler = std::function<HttpResponse(const HttpRequest&, const Peer&)>;

  HttpConnection(std::unique_ptr<Transport> transport, Handler handler, const HttpLimits& limits,
                 const HttpTimeouts& timeouts, Instant now);

  int fd() const { return transport_->fd(); }
  Peer peer() const { return transport_->peer(); }

  /// Readable, writable or both: reads and writes until neither goes on.
  HttpState on_ready(Instant now);
  Instant next_deadline() const { return deadline_; }
  /// REQUIRES: called when next_deadline() has come. Says 408 to a client that is within a request.
  HttpState on_deadline(Instant now);

  /// After upgraded: the transport, and the bytes that the client sent behind its request.
  std::unique_ptr<Transport> release(std::vector<std::uint8_t>& unread);

 private:
  enum class Phase : std::uint8_t { serving, draining, lingering, closed, upgrading, upgraded };
  enum class Progress : std::uint8_t { made, none };

  Progress step(Instant now);
  Progress read_some(Instant now);
  Progress write_some(Instant now);
  void parse(Instant now);
  void answer(const HttpRequest& request);
  void refuse(unsigned status, const char* problem);
  void close_after_output(Instant now);
  HttpState state() const;

  std::unique_ptr<Transport> transport_;
  Handler handler_;
  HttpTimeouts timeouts_;
  HttpRequestParser parser_;
  std::vector<std::uint8_t> input_;  ///< read, not yet parsed
  std::string output_;
  std::size_t output_begin_ = 0;
  Instant deadline_;
  Phase phase_ = Phase::serving;
};

}  // namespace sluice::net
