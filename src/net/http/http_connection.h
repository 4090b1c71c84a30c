// SPDX-License-Identifier: Apache-2.0
//
// An HttpConnection serves HTTP/1.1 on one Transport: requests in order, pipelined or not, one
// response for each, keep-alive, and an upgrade that gives the transport back. It registers nothing
// and reads no clock: its owner watches fd() with Watch::edge, calls on_ready() for events and
// on_deadline() for time.
//
// Owner:   the admin server, a WebSocket listener.   Thread: its owner's.
// Never:   blocks; calls the handler from within itself; reads on while a response waits to leave.
// Limits:  HttpLimits; HttpTimeouts; one read of 16 KiB and one response are buffered.
#pragma once

#include "base/bytes.h"
#include "base/peer.h"
#include "base/time.h"
#include "net/fwd.h"
#include "net/http/http_parser.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice::net {

struct HttpTimeouts {
  Duration request = 10s;   ///< from the first byte of a request to its last
  Duration idle = 60s;      ///< before and between requests
  Duration response = 30s;  ///< without the client taking a byte of a response
  Duration linger = 2s;     ///< after the last response, for the client to close
};

enum class HttpState : std::uint8_t {
  waiting,   ///< for the next event or deadline
  busy,      ///< there is more to do: call on_ready() again, without an event, after others
  closed,    ///< destroy it
  upgraded,  ///< the 101 has left: release() the transport
};

class HttpConnection {
 public:
  /// Called for each request. A response of status 101 upgrades the connection.
  using Handler = std::function<HttpResponse(const HttpRequest&, const Peer&)>;

  HttpConnection(std::unique_ptr<Transport> transport, Handler handler, const HttpLimits& limits,
                 const HttpTimeouts& timeouts, Instant now);

  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  ~HttpConnection();

  int fd() const;

  /// Readable, writable or both: reads and writes until neither goes on, a bounded number of times.
  HttpState on_ready(Instant now);
  Instant next_deadline() const { return deadline_; }
  /// Does nothing before next_deadline(). Says 408 to a client that is within a request.
  HttpState on_deadline(Instant now);

  /// After upgraded: the transport, and in `unread` what the client sent behind its request.
  std::unique_ptr<Transport> release(std::vector<std::uint8_t>& unread);

 private:
  enum class Phase : std::uint8_t { serving, ending, lingering, upgrading, upgraded, closed };
  enum class Waiting : std::uint8_t { nothing, request, idle, response, linger };
  enum class Progress : std::uint8_t { made, none };

  Progress step();
  Progress read_some();
  Progress write_some();
  void after_output();
  void parse();
  void answer(const HttpRequest& request);
  void refuse(unsigned status, const char* problem);
  bool has_output() const { return output_begin_ < output_.size(); }
  void renew_deadline(Instant now);
  Waiting waiting_for() const;
  Duration timeout_of(Waiting waiting) const;

  std::unique_ptr<Transport> transport_;
  Handler handler_;
  HttpTimeouts timeouts_;
  HttpRequestParser parser_;
  std::vector<std::uint8_t> input_;  ///< read, not yet parsed: what a client pipelined
  std::string output_;
  std::size_t output_begin_ = 0;
  Instant deadline_;
  Phase phase_ = Phase::serving;
  Waiting waiting_ = Waiting::nothing;  ///< what deadline_ is for; nothing: set it anew
};

}  // namespace sluice::net
