// SPDX-License-Identifier: Apache-2.0
//
// An HttpExchange is one request to somebody else's web server and its answer, by libcurl. It waits
// for the answer, so it is no matter for a shard's thread.
//
// Thread: any; each call is on its own.
// Limits:  the timeout and the bytes handed in.
#pragma once

#include "base/time.h"

#include <cstddef>
#include <expected>
#include <string>

namespace sluice::auth {

struct HttpCall {
  std::string url{};
  std::string body{};     ///< JSON; empty: GET
  std::string bearer{};   ///< Authorization: Bearer …
  std::string ca_file{};  ///< empty: the system's authorities
  Duration timeout = 5s;
  std::size_t bytes_max = std::size_t{1} << 20;
};

struct HttpReply {
  long status = 0;
  std::string body{};
};

/// The reply, whatever its status; or why there is none, in words that hold nothing of the request.
std::expected<HttpReply, std::string> call_http(const HttpCall& call);

}  // namespace sluice::auth
