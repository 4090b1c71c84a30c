// SPDX-License-Identifier: Apache-2.0
//
// HTTP/1.1 between bytes and values, for a server: an HttpRequestParser is fed the stream in any
// cut and yields requests; serialize() makes a response's bytes. The grammar is Boost.Beast's,
// which stays behind this header.
//
// Owner:   one HttpConnection.              Thread: its owner's.
// Limits:  HttpLimits: 431 beyond header_bytes_max, 413 beyond body_bytes_max.
// Spec:    RFC 9112.
#pragma once

#include "base/bytes.h"
#include "net/http/http_message.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::net {

struct HttpLimits {
  std::uint32_t header_bytes_max = 16384;  ///< request line and headers
  std::uint64_t body_bytes_max = 1048576;
};

enum class HttpFeed : std::uint8_t {
  more,         ///< the request is not whole yet
  wants_to_go,  ///< as more, and the client waits for "100 Continue" before it sends the body
  whole,        ///< take() it
  failed,       ///< answer with status(), then close
};

class HttpRequestParser {
 public:
  explicit HttpRequestParser(const HttpLimits& limits);
  ~HttpRequestParser();

  /// Takes bytes from the front of `bytes`, at most to the end of the request, and cuts them off.
  /// REQUIRES: the last answer was `more` or `wants_to_go`, or a request has been taken.
  HttpFeed feed(ByteView& bytes);
  /// After failed: 400, 413, 431, 501 or 505.
  unsigned status() const { return status_; }
  /// After failed: what was wrong; static.
  const char* problem() const { return problem_; }
  /// After whole: the request; the parser is ready for the next.
  HttpRequest take();
  /// A request has begun and is not whole.
  bool is_within_request() const { return is_begun_; }

 private:
  struct Grammar;
  HttpFeed judge();
  HttpFeed check_headers();
  HttpFeed refuse(unsigned status, const char* problem);
  void restart();

  const HttpLimits limits_;
  std::unique_ptr<Grammar> grammar_;
  std::string pending_;  ///< bytes that the grammar cannot use until more arrive
  unsigned status_ = 0;
  const char* problem_ = "";
  bool is_begun_ = false;
  bool is_checked_ = false;
  bool is_go_asked_ = false;
};

enum class HttpNext : std::uint8_t { keep_alive, close };

/// The bytes of a response; the answer to a HEAD leaves the body out.
std::string serialize(const HttpResponse& response, HttpNext next, std::string_view request_method);
/// "Not Found" for 404.
std::string_view http_reason(unsigned status);

}  // namespace sluice::net
