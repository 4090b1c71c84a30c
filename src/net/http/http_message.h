// SPDX-License-Identifier: Apache-2.0
//
// An HTTP request as received and a response to be sent: plain values.
//
// Owner:   whoever holds the value.         Thread: any.
// Spec:    RFC 9110.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::net {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method{};  ///< "GET"
  std::string target{};  ///< "/metrics?name=x", as sent
  HttpHeaders headers{};
  std::string body{};
  bool is_keep_alive = true;  ///< the client would send another request here
  bool is_upgrade = false;    ///< it asks for another protocol

  /// The first header of that name, whatever its case; empty if there is none.
  std::string_view header(std::string_view name) const;
  /// The target without its query.
  std::string_view path() const;
};

struct HttpResponse {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  HttpHeaders headers{};  ///< beyond Content-Type, Content-Length and Connection
  std::string body{};
};

}  // namespace sluice::net
