// SPDX-License-Identifier: Apache-2.0
#include "admin/routes.h"

#include "admin/handlers.h"
#include "admin/target.h"

#include <algorithm>

namespace sluice::admin {
namespace {

constexpr Route rows[] = {
#define SLUICE_ROUTE(method, path, handler, part, sentence) \
  Route{method, path, handler, SnapshotPart::part, sentence},
#include "admin/routes.def"
#undef SLUICE_ROUTE
};

/// The segment that stands for the {name} of the pattern (empty if it has none), or nothing if the
/// path is another one.
std::optional<std::string_view> parameter_of(std::string_view pattern, std::string_view path) {
  const std::size_t brace = pattern.find('{');
  if (brace == std::string_view::npos) {
    return pattern == path ? std::optional(std::string_view()) : std::nullopt;
  }
  if (!path.starts_with(pattern.substr(0, brace))) return std::nullopt;
  const std::string_view segment = path.substr(brace);
  if (segment.empty() || segment.find('/') != std::string_view::npos) return std::nullopt;
  return segment;
}

/// A page of another site that a browser was led to believe is ours names itself in Host.
bool is_host_allowed(std::string_view host, const AdminOptions::Admin& options) {
  const std::string_view name = host_name(host);
  return is_address(name) || std::ranges::find(options.hosts, name) != options.hosts.end();
}

std::string known_paths() {
  std::string text;
  for (const Route& route : rows) {
    if (!text.empty()) text += ", ";
    text.append(route.method).append(" ").append(route.path);
  }
  return text;
}

std::expected<RouteMatch, AdminResponse> unreadable() {
  return std::unexpected(refuse(400, "the target is not correctly percent-encoded"));
}

std::expected<RouteMatch, AdminResponse> matched(const Route& route, std::string_view parameter,
                                                 std::string_view query) {
  auto decoded = percent_decoded(parameter);
  auto pairs = query_pairs(query);
  if (!decoded || !pairs) return unreadable();
  return RouteMatch{&route, {std::move(*decoded), std::move(*pairs)}};
}

}  // namespace

std::span<const Route> routes() { return rows; }

std::expected<RouteMatch, AdminResponse> find_route(const AdminRequest& request,
                                                    const AdminOptions::Admin& options) {
  if (request.target.size() > target_bytes_max) {
    return std::unexpected(refuse(414, "the target is longer than 8192 bytes"));
  }
  const std::size_t end = std::min(request.target.find('?'), request.target.size());
  const std::string_view path = request.target.substr(0, end);
  const std::string_view query = request.target.substr(std::min(end + 1, request.target.size()));
  if (path.starts_with("/api/") && !is_host_allowed(request.host, options)) {
    return std::unexpected(refuse(
        403, "this host name is not listed in admin.hosts; use an IP address, or add the name"));
  }
  const std::string_view method = request.method == "HEAD" ? "GET" : request.method;
  std::string allow;
  for (const Route& route : rows) {
    const auto parameter = parameter_of(route.path, path);
    if (!parameter) continue;
    if (route.method == method) return matched(route, *parameter, query);
    if (!allow.empty()) allow += ", ";
    allow += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  if (allow.empty()) return std::unexpected(refuse(404, "not found; there is " + known_paths()));
  AdminResponse response = refuse(405, "this path allows " + allow);
  response.allow = allow;
  return std::unexpected(std::move(response));
}

AdminResponse answer(const RouteMatch& match, const AdminSnapshot& snapshot) {
  return match.route->handler(match.arguments, snapshot);
}

}  // namespace sluice::admin
