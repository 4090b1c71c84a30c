// SPDX-License-Identifier: Apache-2.0
#include "server/doors/door_settings.h"

#include "codec/topic.h"
#include "net/url.h"

#include <array>
#include <charconv>

namespace sluice::server {
namespace {

using Options = ListenerOptions::Listener;

std::unexpected<std::string> refuse(std::string text) { return std::unexpected(std::move(text)); }

bool is_unix(const Options& options) {
  return options.bind.starts_with('/') || options.bind.starts_with('@');
}

bool has_tls(const ListenerOptions& options) {
  return net::find_transport(scheme_of(options))->security == net::Security::tls;
}

std::string at(const std::vector<std::string>& list, std::size_t i) {
  return i < list.size() ? list[i] : std::string();
}

net::TlsIdentity identity_kind(Options::Identity identity) {
  switch (identity) {
    case Options::Identity::cn:
      return net::TlsIdentity::common_name;
    case Options::Identity::dn:
      return net::TlsIdentity::distinguished_name;
    case Options::Identity::san:
      return net::TlsIdentity::alternative_name;
    case Options::Identity::none:
      break;
  }
  return net::TlsIdentity::none;
}

// Tickets of a listener that asks for certificates are of no use at one that asks for others, and
// none once the list of the revoked has changed.
std::string ticket_scope(const Options& options) {
  std::uint64_t hash = 14695981039346656037U;
  const auto mix = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    hash = (hash ^ 0xFFU) * 1099511628211U;
  };
  mix(options.ca_file);
  mix(options.ca_path);
  mix(options.crl_file);
  return std::to_string(static_cast<int>(options.client_certificate)) + "-" + std::to_string(hash);
}

Understood<void> check_tls(const Options& options) {
  if (options.certificate.empty() && options.psk_file.empty())
    return refuse(
        "listener.certificate: TLS needs a certificate and its key, or listener.psk_file");
  if (options.key.size() > options.certificate.size())
    return refuse("listener.key: there are more keys than certificates");
  if (options.ocsp.size() > options.certificate.size())
    return refuse("listener.ocsp: there are more responses than certificates");
  const bool asks = options.client_certificate != Options::ClientCertificate::none;
  if (asks && options.ca_file.empty() && options.ca_path.empty())
    return refuse(
        "listener.client_certificate: needs listener.ca_file or listener.ca_path, the "
        "authorities that sign them");
  if (!asks && options.identity != Options::Identity::none)
    return refuse(
        "listener.identity: needs listener.client_certificate = \"required\" or "
        "\"optional\"");
  return {};
}

Understood<void> check_no_tls(const ListenerOptions& options) {
  const Options& o = options.listener;
  const bool has_any = !o.certificate.empty() || !o.key.empty() || !o.psk_file.empty() ||
                       !o.ca_file.empty() || !o.ca_path.empty() || !o.crl_file.empty() ||
                       o.client_certificate != Options::ClientCertificate::none;
  if (has_any)
    return refuse("listener.protocol: " + std::string(scheme_of(options)) +
                  " has no TLS, which certificates and keys are for; choose mqtts or wss");
  return {};
}

}  // namespace

std::string_view scheme_of(const ListenerOptions& options) {
  switch (options.listener.protocol) {
    case Options::Protocol::mqtts:
      return "mqtts";
    case Options::Protocol::ws:
      return "ws";
    case Options::Protocol::wss:
      return "wss";
    case Options::Protocol::mqtt:
      break;
  }
  return "mqtt";
}

Understood<os::SocketAddress> address_of(const ListenerOptions& options) {
  const Options& o = options.listener;
  if (is_unix(o)) {
    const auto address = os::SocketAddress::from_unix_path(o.bind);
    if (!address) return refuse("listener.bind: the path of a socket has at most 107 bytes");
    return *address;
  }
  auto port = static_cast<std::uint16_t>(o.port);
  if (!options.is_port_given) {
    constexpr std::array<std::uint16_t, 4> own{1883, 8883, 80, 443};
    port = own[static_cast<std::size_t>(o.protocol)];
  }
  // The first of its addresses: Doors opens them all.
  const std::string bind = o.bind == "localhost" ? "127.0.0.1" : o.bind;
  const auto address = os::SocketAddress::from_ip(bind, port);
  if (!address)
    return refuse("listener.bind: '" + o.bind +
                  "' is not an address to listen on: give one such as 127.0.0.1, 0.0.0.0 or ::, "
                  "or say localhost");
  return *address;
}

Understood<net::AddressRanges> ranges_of(const std::vector<std::string>& texts,
                                         const std::string& option) {
  net::AddressRanges ranges;
  for (const std::string& text : texts) {
    const auto range = net::AddressRange::parse(text);
    if (!range) {
      std::string why = "listener." + option;
      why.append(": '").append(text).append("' is not ").append(range.error().detail);
      return refuse(why);
    }
    ranges.push_back(*range);
  }
  return ranges;
}

Understood<std::uint32_t> mode_of(const ListenerOptions& options) {
  const std::string& text = options.listener.socket_mode;
  std::uint32_t mode = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || mode > 0777)
    return refuse("listener.socket_mode: '" + text + "' is no mode such as 0660");
  return mode;
}

Understood<core::VersionBits> versions_of(const ListenerOptions& options) {
  if (options.listener.versions.empty()) return core::every_version;
  core::VersionBits bits = 0;
  for (const std::string& text : options.listener.versions) {
    if (text == "3.1")
      bits |= core::bit_of(codec::Version::v3_1);
    else if (text == "3.1.1")
      bits |= core::bit_of(codec::Version::v3_1_1);
    else if (text == "5" || text == "5.0")
      bits |= core::bit_of(codec::Version::v5);
    else
      return refuse("listener.versions: '" + text + "' is none of 3.1, 3.1.1 and 5.0");
  }
  return bits;
}

Understood<net::ServerLayers> layers_of(const ListenerOptions& options,
                                        const net::TlsTicketKeys& ticket_keys) {
  const auto address = address_of(options);
  if (!address) return refuse(address.error());
  const bool is_local = address->peer().is_local();
  net::ServerLayers layers;
  const Options& o = options.listener;
  auto trusted = ranges_of(o.proxy_trusted, "proxy_trusted");
  if (!trusted) return refuse(trusted.error());
  layers.ws = {.paths = o.ws_paths,
               .origins = o.ws_origins,
               .otherwise = is_local ? net::WsOrigins::own_only : net::WsOrigins::any,
               .forwarded_trusted = *trusted,
               .frame_bytes_max = o.ws_frame_bytes_max};
  if (o.proxy_protocol) layers.proxy = net::ProxyOptions{std::move(*trusted)};
  if (!has_tls(options)) return layers;
  net::TlsServerOptions tls;
  for (std::size_t i = 0; i < o.certificate.size(); ++i)
    tls.certificates.push_back({o.certificate[i], at(o.key, i), at(o.ocsp, i)});
  tls.ca_file = o.ca_file;
  tls.ca_path = o.ca_path;
  tls.crl_file = o.crl_file;
  tls.psk_file = o.psk_file;
  tls.psk_hint = o.psk_hint;
  tls.ciphers = o.ciphers;
  tls.alpn = o.protocol == Options::Protocol::wss ? std::vector<std::string>{"http/1.1"} : o.alpn;
  tls.ticket_keys = ticket_keys;
  tls.ticket_scope = ticket_scope(o);
  tls.version_min = o.tls_version_min == Options::TlsVersionMin::v1_3 ? net::TlsVersion::v1_3
                                                                      : net::TlsVersion::v1_2;
  tls.client_certificate = static_cast<net::ClientCertificate>(o.client_certificate);
  tls.identity = identity_kind(o.identity);
  auto context = net::TlsContext::for_server(tls);
  if (!context) return refuse(context.error());
  layers.tls = std::move(*context);
  return layers;
}

Understood<void> check(const ListenerOptions& options) {
  if (auto good = address_of(options); !good) return refuse(good.error());
  if (auto good = mode_of(options); !good) return refuse(good.error());
  if (auto good = versions_of(options); !good) return refuse(good.error());
  const Options& o = options.listener;
  if (auto good = ranges_of(o.allow_addresses, "allow_addresses"); !good)
    return refuse(good.error());
  if (auto good = ranges_of(o.deny_addresses, "deny_addresses"); !good) return refuse(good.error());
  if (auto good = ranges_of(o.proxy_trusted, "proxy_trusted"); !good) return refuse(good.error());
  if (!o.mount_point.empty() && (codec::has_wildcard(o.mount_point) || o.mount_point[0] == '$' ||
                                 !codec::check_topic_name(o.mount_point)))
    return refuse("listener.mount_point: '" + o.mount_point +
                  "' cannot begin a topic: it must not have + or #, nor begin with $");
  if (o.proxy_protocol && o.proxy_trusted.empty())
    return refuse("listener.proxy_protocol: needs listener.proxy_trusted, the proxies' addresses");
  return has_tls(options) ? check_tls(o) : check_no_tls(options);
}

}  // namespace sluice::server
