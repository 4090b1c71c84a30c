// SPDX-License-Identifier: Apache-2.0
//
// From an HTTP request to its answer, without any I/O: find_route() says which row of routes.def a
// request is for, the server gathers the part of the snapshot that the row names, answer() makes
// the response.
//
// Thread: any (pure).
// Limits:  target_bytes_max.
#pragma once

#include "admin/options.h"
#include "admin/snapshot.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::admin {

inline constexpr std::size_t target_bytes_max = 8192;

struct AdminRequest {
  std::string_view method{};
  std::string_view target{};  ///< path and query, as sent
  std::string_view host{};    ///< the Host field
};

struct AdminResponse {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body{};
  std::string allow{};                ///< of a 405: the Allow field
  std::optional<std::string> kick{};  ///< the client that is to be disconnected
  std::optional<std::string> ban{};   ///< the address that is to be banned for ban_time
  std::optional<std::string> unban{};
  Duration ban_time{};
};

/// {"error":"…"} and a status.
AdminResponse refuse(unsigned status, std::string_view error);

/// What a handler is told of the request.
struct RouteArguments {
  std::string parameter{};                                   ///< the {name} of the path, decoded
  std::vector<std::pair<std::string, std::string>> query{};  ///< decoded
};

enum class SnapshotPart : std::uint8_t { nothing, metrics, clients, bans, quotas };

using Handler = AdminResponse (*)(const RouteArguments&, const AdminSnapshot&);

struct Route {
  std::string_view method{};
  std::string_view path;
  Handler handler;
  SnapshotPart part;
  std::string_view sentence;
};

std::span<const Route> routes();

struct RouteMatch {
  const Route* route;
  RouteArguments arguments;
};

/// The row and its arguments, or the refusal: 400 if the target cannot be read, 403 if /api is
/// addressed by a host name that admin.hosts does not list, 404, 405.
std::expected<RouteMatch, AdminResponse> find_route(const AdminRequest& request,
                                                    const AdminOptions::Admin& options);

AdminResponse answer(const RouteMatch& match, const AdminSnapshot& snapshot);

}  // namespace sluice::admin
