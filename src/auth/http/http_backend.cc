// SPDX-License-Identifier: Apache-2.0
#include "auth/http/http_backend.h"

#include "auth/claims.h"
#include "auth/http/http_exchange.h"
#include "os/clock.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sluice::auth {
namespace {

constexpr std::size_t reply_bytes_max = std::size_t{64} * 1024;
constexpr std::int64_t valid_s_max = std::int64_t{100} * 365 * 86400;

std::string body_of(const core::AuthRequest& request) {
  nlohmann::json body;
  if (request.user_name) body["username"] = *request.user_name;
  if (request.password) body["password"] = std::string(request.password->text());
  body["client_id"] = request.client_id;
  body["address"] = address_text(request.peer);
  body["listener"] = request.listener;
  if (!request.identity.empty()) body["identity"] = request.identity;
  body["protocol"] = static_cast<int>(request.version);
  // What is no UTF-8 is replaced: JSON has no other text.
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Verdict accepted(const core::AuthRequest& request, const std::string& text) {
  core::Principal who;
  if (!text.empty()) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return Verdict::unavailable("the answer of auth_http.url is no object");
    auto read = claims::principal_of(json, {.user = "username", .groups = "groups"});
    if (!read) return Verdict::unavailable("the answer of auth_http.url: " + read.error());
    who = std::move(*read);
    if (const auto left = claims::seconds_at(json, "expires_in"))
      who.valid_until =
          os::monotonic_now() + Duration(std::chrono::seconds(std::min(*left, valid_s_max)));
  }
  if (who.user.empty()) who.user = request.user_name.value_or(std::string());
  if (who.user.empty()) return Verdict::unavailable("the answer of auth_http.url names no user");
  return Verdict::accepted(std::move(who));
}

}  // namespace

Verdict HttpBackend::check(core::AuthRequest& request) const {
  const auto reply = call_http({.url = options_.url,
                                .body = body_of(request),
                                .bearer = secret_,
                                .ca_file = options_.ca_file,
                                .timeout = options_.timeout,
                                .bytes_max = reply_bytes_max});
  if (!reply) return Verdict::unavailable("auth_http.url: " + reply.error());
  switch (reply->status) {
    case 200:
      return accepted(request, reply->body);
    case 204:
    case 404:
      return Verdict::unknown("auth_http.url does not know the client");
    case 401:
    case 403:
      return Verdict::refused("auth_http.url has refused");
    default:
      return Verdict::unavailable("auth_http.url answered " + std::to_string(reply->status));
  }
}

}  // namespace sluice::auth
