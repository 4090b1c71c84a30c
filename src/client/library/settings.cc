// SPDX-License-Identifier: Apache-2.0
#include "client/library/settings.h"

#include "client/endpoint.h"
#include "client/library/properties.h"
#include "client/machine/connect_packet.h"
#include "net/transport/registry.h"
#include "net/transport/tls/tls_context.h"
#include "net/url.h"
#include "os/entropy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

namespace sluice::client {
namespace {

constexpr std::chrono::hours expiry_of_this_run{1};

v1::error bad(std::string text) {
  return {.code = v1::errc::invalid_argument, .text = std::move(text)};
}

std::string random_client_id() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string id = "sluice-";
  std::uint64_t rest = os::random_seed();
  for (int at = 0; at < 16; ++at, rest >>= 4U) id += digits[rest & 15U];
  return id;
}

codec::Version machine_version(v1::version version) {
  if (version == v1::version::v3_1) return codec::Version::v3_1;
  if (version == v1::version::v3_1_1) return codec::Version::v3_1_1;
  return codec::Version::v5;
}

template <class N>
N clamp_to(std::int64_t value) {
  return static_cast<N>(std::clamp<std::int64_t>(value, 0, std::numeric_limits<N>::max()));
}

v1::result<void> read_query(const net::BrokerUrl& url, MachineOptions& machine) {
  for (const auto& [name, value] : url.query) {
    if (name == "clientid") {
      machine.client_id = value;
    } else if (name == "keepalive") {
      const char* const end = value.data() + value.size();
      const auto read = std::from_chars(value.data(), end, machine.keep_alive_s);
      if (read.ec != std::errc() || read.ptr != end) {
        return bad("keepalive in the URL is a number of seconds up to 65535");
      }
    } else {
      return bad("the URL has a parameter '" + name + "', known are clientid and keepalive");
    }
  }
  return {};
}

v1::result<void> read_session(const v1::client_options& options, Settings& settings) {
  MachineOptions& machine = settings.link.machine;
  machine.session_loss = SessionLoss::publish_again;
  const std::chrono::seconds expiry = options.session_expiry.value_or(expiry_of_this_run);
  machine.session_expiry_s = clamp_to<std::uint32_t>(expiry.count());
  if (expiry.count() <= 0) {
    machine.clean_start = CleanStart::always;
    return {};
  }
  machine.clean_start = CleanStart::first_connection;
  if (!options.session_expiry) return {};
  if (machine.client_id.empty()) {
    return bad("a session that outlives the program needs a client id");
  }
  settings.session = Settings::Session::kept;
  if (options.clean_start) return {};
  machine.clean_start = CleanStart::never;
  machine.prior_session = PriorSession::resumed;
  return {};
}

v1::result<void> read_will(const v1::client_options& options, MachineOptions& machine) {
  if (!options.will) return {};
  auto properties = raw_properties(*options.will);
  if (!properties) return bad(std::string("the will: ") + properties.error().detail);
  const auto& payload = options.will->payload;
  machine.will = WillOptions{.topic = options.will->topic,
                             .payload = {payload.begin(), payload.end()},
                             .properties = std::move(*properties),
                             .qos = static_cast<codec::Qos>(options.will->qos),
                             .retain = options.will->retain};
  return {};
}

void read_link(const v1::client_options& options, LinkOptions& link) {
  link.connector.open_timeout = options.connect_timeout;
  if (options.version == v1::version::automatic) link.fall_back = FallBack::to_v3_1_1;
  const v1::reconnect_options& again = options.reconnect;
  if (again.enabled) link.reconnect = Reconnect::always;
  link.backoff = {
      .first = again.first,
      .most = std::max(again.first, again.max),
      .jitter_percent = static_cast<std::uint32_t>(std::clamp(again.jitter, 0.0, 1.0) * 100)};
  link.taken_over_wait = again.taken_over;
  link.server_references_max = options.server_references_max;
}

void read_machine(const v1::client_options& options, MachineOptions& machine) {
  machine.version = machine_version(options.version);
  machine.acknowledge = Acknowledge::manually;
  machine.keep_alive_s = clamp_to<std::uint16_t>(options.keep_alive.count());
  machine.receive_maximum = std::max<std::uint16_t>(1, options.receive_maximum);
  machine.inflight_max = std::max<std::uint16_t>(1, options.inflight_max);
  machine.packet_bytes_max = options.packet_bytes_max;
  machine.topic_alias_max = 16;
  machine.connect_timeout = options.connect_timeout;
  machine.ping_timeout = options.ping_timeout;
}

v1::result<void> read_url(std::string_view text, Settings& settings) {
  const auto url = net::parse_broker_url(text);
  if (!url) {
    return bad(std::string("the URL: ") + url.error().detail + " (byte " +
               std::to_string(url.error().offset) + ")");
  }
  const auto* kind = net::find_transport(net::to_string(url->scheme));
  if (kind == nullptr || kind->connect == nullptr) {
    return {{.code = v1::errc::unsupported,
             .text = "this build cannot carry " + std::string(net::to_string(url->scheme))}};
  }
  settings.link.connector.endpoints = endpoints_of(*url);
  if (settings.link.connector.endpoints.empty()) return bad("the URL names no host");
  settings.link.machine.user_name = url->user;
  settings.link.machine.password = url->password;
  return read_query(*url, settings.link.machine);
}

v1::result<void> read_tls(const v1::tls_options& options, Settings& settings) {
  const auto& endpoints = settings.link.connector.endpoints;
  const bool has_tls = std::ranges::any_of(endpoints, [](const Endpoint& endpoint) {
    return endpoint.scheme == net::Scheme::tls || endpoint.scheme == net::Scheme::wss;
  });
  if (!has_tls) return {};
  net::TlsClientOptions tls;
  tls.ca_file = options.ca_file;
  tls.ca_path = options.ca_path;
  tls.certificate = options.cert_file;
  tls.key = options.key_file;
  if (options.insecure) tls.host_check = net::HostCheck::nothing;
  auto context = net::TlsContext::for_client(tls);
  if (!context) return bad(context.error());
  settings.link.connector.layers.tls = std::move(*context);
  settings.link.connector.layers.host = options.server_name;
  return {};
}

v1::result<void> read_ws_headers(const v1::http_headers& headers, Settings& settings) {
  if (headers.empty()) return {};
  ConnectorOptions& connector = settings.link.connector;
  if (!has_web_socket(connector.endpoints))
    return bad("ws_headers are of a WebSocket, and the URL is none: ws:// or wss:// is one");
  std::vector<net::WsHeader>& taken = connector.layers.ws_headers;
  for (const auto& [name, value] : headers) taken.push_back({name, value});
  const auto good = net::check_ws_headers(taken);
  if (good) return {};
  return bad("ws_headers[" + std::to_string(good.error().offset) + "]: " + good.error().detail);
}

}  // namespace

v1::result<Settings> read_settings(std::string_view url, const v1::client_options& options) {
  Settings settings;
  MachineOptions& machine = settings.link.machine;
  read_machine(options, machine);
  if (auto good = read_url(url, settings); !good) return good.error();
  if (auto good = read_tls(options.tls, settings); !good) return good.error();
  if (!options.proxy.empty()) {
    auto proxy = net::parse_socks_url(options.proxy);
    if (!proxy) return bad(std::string("the proxy: ") + proxy.error().detail);
    settings.link.connector.layers.proxy = std::move(*proxy);
  }
  if (auto good = read_ws_headers(options.ws_headers, settings); !good) return good.error();
  if (!options.client_id.empty()) machine.client_id = options.client_id;
  if (options.user_name) machine.user_name = options.user_name;
  if (options.password) machine.password = options.password;
  if (auto good = read_session(options, settings); !good) return good.error();
  if (machine.client_id.empty()) machine.client_id = random_client_id();
  if (auto good = read_will(options, machine); !good) return good.error();
  read_link(options, settings.link);
  if (const auto good = check_options(machine); !good) return bad(good.error().detail);
  return settings;
}

v1::error to_public(const Error& error) {
  using v1::errc;
  errc code = errc::io_error;
  switch (error.code) {
    case ErrorCode::ok:
      code = errc::ok;
      break;
    case ErrorCode::malformed_packet:
    case ErrorCode::protocol_error:
      code = errc::protocol_error;
      break;
    case ErrorCode::packet_too_large:
      code = errc::packet_too_large;
      break;
    case ErrorCode::unsupported_version:
      code = errc::unsupported;
      break;
    case ErrorCode::limit_exceeded:
    case ErrorCode::buffer_too_small:
    case ErrorCode::invalid_argument:
    case ErrorCode::parse_error:
      code = errc::invalid_argument;
      break;
    case ErrorCode::closed:
      code = errc::connection_lost;
      break;
    case ErrorCode::refused:
      code = errc::refused;
      break;
    case ErrorCode::timed_out:
      code = errc::timed_out;
      break;
    case ErrorCode::cancelled:
      code = errc::cancelled;
      break;
    case ErrorCode::not_found:
      code = errc::unreachable;
      break;
    default:
      break;
  }
  std::string text = *error.detail != '\0' ? error.detail : to_string(error.code);
  if (error.system != 0) {
    text += " (" + std::generic_category().message(error.system) + ")";
  }
  return {
      .code = code, .reason = static_cast<v1::reason_code>(error.reason), .text = std::move(text)};
}

}  // namespace sluice::client
