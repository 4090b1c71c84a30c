// SPDX-License-Identifier: Apache-2.0
#include "cli/mqtt/broker_address.h"

#include "cli/mqtt/tls_settings.h"
#include "net/url.h"
#include "os/socket/service_lookup.h"

namespace sluice::cli {
namespace {

bool is_url(std::string_view word) { return word.find("://") != std::string_view::npos; }

/// Splits the topic off "mqtt://host/topic": it is taken as written, wildcards and all. What a
/// query would be in another URL is one here only without a topic.
struct SplitUrl {
  std::string broker;
  std::optional<std::string> topic;
};

SplitUrl split_topic(std::string_view url) {
  const auto authority = url.find("://") + 3;
  const auto slash = url.find('/', authority);
  // The path of a WebSocket is its own.
  const bool has_path =
      url.starts_with("unix:") || url.starts_with("ws:") || url.starts_with("wss:");
  if (slash == std::string_view::npos || has_path) return {std::string(url), {}};
  SplitUrl split{std::string(url.substr(0, slash)), std::nullopt};
  if (slash + 1 < url.size()) split.topic = std::string(url.substr(slash + 1));
  if (split.topic && split.topic->starts_with('?')) return {std::string(url), {}};
  return split;
}

Parsed<bool> take_url(std::string_view text, BrokerAddress& out) {
  const SplitUrl split = split_topic(text);
  const auto url = net::parse_broker_url(split.broker);
  if (!url) {
    return refuse("the URL '" + std::string(text) + "' cannot be read: " + url.error().detail);
  }
  out.endpoints = client::endpoints_of(*url);
  out.user = url->user;
  out.password = url->password;
  if (split.topic) out.topic = split.topic;
  for (const auto& [name, value] : url->query) {
    if (name != "clientid") {
      return refuse("the URL has an unknown option '" + name + "'; 'clientid' is allowed");
    }
    out.client_id = value;
  }
  return true;
}

// As mosquitto's tools: what asks for TLS moves the port to 8883, and port 8883 asks for TLS.
void take_host_and_port(const ParsedFlags& flags, BrokerAddress& out) {
  const bool is_plain = flags.has("no-tls");
  const bool is_tls = !is_plain && (wants_tls(flags) || flags.integer("port", 0) == 8883);
  const auto plain = is_tls ? net::Scheme::tls : net::Scheme::tcp;
  if (out.endpoints.empty())
    out.endpoints.push_back(
        {.scheme = plain, .host = "localhost", .port = net::default_port(plain), .path = {}});
  for (client::Endpoint& endpoint : out.endpoints) {
    if (flags.has("host") || flags.has("port")) endpoint.scheme = plain;
    if (is_tls && endpoint.scheme == net::Scheme::tcp) endpoint.scheme = net::Scheme::tls;
    if (flags.has("host")) endpoint.host = flags.text("host");
    if (flags.has("port")) endpoint.port = static_cast<std::uint16_t>(flags.integer("port", 1883));
    if (is_plain && endpoint.scheme == net::Scheme::tls) endpoint.scheme = net::Scheme::tcp;
    if (is_plain && endpoint.scheme == net::Scheme::wss) endpoint.scheme = net::Scheme::ws;
    if (flags.has("ws") && !client::has_web_socket({endpoint}))
      endpoint.scheme = endpoint.scheme == net::Scheme::tls ? net::Scheme::wss : net::Scheme::ws;
  }
}

}  // namespace

Parsed<BrokerAddress> broker_address(const ParsedFlags& flags, std::string_view environment_url) {
  BrokerAddress out;
  out.words = flags.words();
  std::string url(flags.text("url"));
  if (url.empty() && !out.words.empty() && is_url(out.words.front())) {
    url = out.words.front();
    out.words.erase(out.words.begin());
  }
  if (flags.has("unix")) {
    if (!url.empty() || flags.has("host") || flags.has("ws") || flags.has("srv"))
      return refuse("--unix stands alone: without -h, -L, -S and --ws");
    out.endpoints.push_back({.scheme = net::Scheme::unix_socket,
                             .host = {},
                             .port = 0,
                             .path = std::string(flags.text("unix"))});
    return out;
  }
  if (!url.empty()) {
    if (!is_url(url)) return refuse("'" + url + "' is no URL; mqtt://host[:port]/topic is one");
    if (const auto taken = take_url(url, out); !taken) return std::unexpected(taken.error());
  } else if (!environment_url.empty() && !flags.has("host")) {
    if (const auto taken = take_url(environment_url, out); !taken) {
      return refuse("SLUICE_URL: " + taken.error().text);
    }
    out.topic.reset();
  }
  if (flags.has("srv") && (!url.empty() || flags.has("port") || flags.has("ws")))
    return refuse(
        "-S finds host and port itself: -h takes the domain; -p, -L and --ws do not go with it");
  if (flags.has("srv")) out.endpoints.clear();
  take_host_and_port(flags, out);
  if (flags.has("srv")) {
    const bool is_tls = out.endpoints.front().scheme == net::Scheme::tls;
    out.service = is_tls ? "_secure-mqtt._tcp" : "_mqtt._tcp";
    if (flags.has("host")) out.service.append(".").append(flags.text("host"));
  }
  return out;
}

Parsed<bool> find_service(const std::string& service, std::vector<client::Endpoint>& endpoints) {
  if (service.empty()) return true;
  const auto found = os::look_up_service(service);
  if (!found) return refuse("-S: " + service + ": " + found.error().detail);
  const client::Endpoint like = endpoints.front();
  endpoints.clear();
  for (const os::ServiceTarget& target : *found) {
    endpoints.push_back(like);
    endpoints.back().host = target.host;
    endpoints.back().port = target.port;
  }
  return true;
}

}  // namespace sluice::cli
