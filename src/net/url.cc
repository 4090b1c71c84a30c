// SPDX-License-Identifier: Apache-2.0
#include "net/url.h"

#include <algorithm>
#include <array>

namespace sluice::net {
namespace {

constexpr std::size_t url_bytes_max = 4096;
constexpr std::size_t hosts_max = 16;
constexpr std::size_t query_pairs_max = 64;

struct SchemeName {
  std::string_view name;
  Scheme scheme;
  std::uint16_t port;
};

/// The first name of each is the one that is printed.
constexpr std::array scheme_names{
    SchemeName{"mqtt", Scheme::tcp, 1883},  SchemeName{"tcp", Scheme::tcp, 1883},
    SchemeName{"mqtts", Scheme::tls, 8883}, SchemeName{"ssl", Scheme::tls, 8883},
    SchemeName{"tls", Scheme::tls, 8883},   SchemeName{"ws", Scheme::ws, 80},
    SchemeName{"wss", Scheme::wss, 443},    SchemeName{"unix", Scheme::unix_socket, 0},
};

const SchemeName& row_of(Scheme scheme) {
  return *std::ranges::find(scheme_names, scheme, &SchemeName::scheme);
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// A URL being read: what is left of it, and the whole for the offsets of errors.
struct Reader {
  std::string_view whole;
  std::string_view rest;

  std::uint32_t offset_of(std::string_view part) const {
    return static_cast<std::uint32_t>(part.data() - whole.data());
  }
  Failure wrong(std::string_view part, const char* detail) const {
    return fail(Error{.code = ErrorCode::parse_error, .offset = offset_of(part), .detail = detail});
  }
  Failure wrong_within(std::string_view part, Error error) const {
    error.offset += offset_of(part);
    return fail(error);
  }
  /// Cuts off what stands before the first of `ends`, which stays.
  std::string_view take_until(std::string_view ends) {
    const std::string_view part = rest.substr(0, rest.find_first_of(ends));
    rest.remove_prefix(part.size());
    return part;
  }
  Result<std::string> decode(std::string_view part) const {
    auto decoded = percent_decode(part);
    if (!decoded) return wrong_within(part, decoded.error());
    return std::move(*decoded);
  }
};

Result<void> check_bytes(const Reader& reader) {
  if (reader.whole.size() > url_bytes_max)
    return reader.wrong(reader.whole.substr(url_bytes_max), "a URL has at most 4,096 bytes");
  const auto wrong = std::ranges::find_if(reader.whole, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F;
  });
  if (wrong == reader.whole.end()) return {};
  const auto at = static_cast<std::size_t>(wrong - reader.whole.begin());
  return reader.wrong(reader.whole.substr(at),
                      "spaces and control characters are written with '%', such as %20");
}

Result<Scheme> take_scheme(Reader& reader) {
  constexpr const char* wanted =
      "a broker URL starts with mqtt://, mqtts://, ws://, wss:// or unix://";
  const auto colon = reader.rest.find(':');
  if (colon == std::string_view::npos) return reader.wrong(reader.rest, wanted);
  std::string name(reader.rest.substr(0, colon));
  std::ranges::transform(name, name.begin(), to_lower);
  const auto row = std::ranges::find(scheme_names, name, &SchemeName::name);
  if (row == scheme_names.end()) return reader.wrong(reader.rest, wanted);
  reader.rest.remove_prefix(colon + 1);
  if (reader.rest.starts_with("//"))
    reader.rest.remove_prefix(2);
  else if (row->scheme != Scheme::unix_socket)
    return reader.wrong(reader.rest, "after the scheme, '//' and a host are expected");
  return row->scheme;
}

Result<void> read_credentials(const Reader& reader, std::string_view part, BrokerUrl& url) {
  const auto colon = part.find(':');
  SLUICE_TRY(url.user, reader.decode(part.substr(0, colon)));
  if (colon == std::string_view::npos) return {};
  SLUICE_TRY(url.password, reader.decode(part.substr(colon + 1)));
  return {};
}

Result<void> read_hosts(const Reader& reader, std::string_view part, BrokerUrl& url) {
  for (std::string_view left = part;;) {
    const auto comma = left.find(',');
    const std::string_view text = left.substr(0, comma);
    if (url.hosts.size() == hosts_max) return reader.wrong(text, "a URL has at most 16 hosts");
    auto host = parse_host_port(text);
    if (!host) return reader.wrong_within(text, host.error());
    if (host->host.empty()) return reader.wrong(text, "a host is missing");
    if (!host->port) host->port = default_port(url.scheme);
    url.hosts.push_back(std::move(*host));
    if (comma == std::string_view::npos) return {};
    left.remove_prefix(comma + 1);
  }
}

Result<void> take_authority(Reader& reader, BrokerUrl& url) {
  std::string_view authority = reader.take_until("/?#");
  const auto at = authority.rfind('@');
  if (at != std::string_view::npos) {
    SLUICE_CHECK(read_credentials(reader, authority.substr(0, at), url));
    authority.remove_prefix(at + 1);
  }
  return read_hosts(reader, authority, url);
}

Result<void> take_path(Reader& reader, BrokerUrl& url) {
  const std::string_view path = reader.take_until("?#");
  SLUICE_TRY(url.path, reader.decode(path));
  if (url.path.contains('\0')) return reader.wrong(path, "%00 is not allowed in a path");
  if (url.scheme == Scheme::unix_socket && url.path.empty())
    return reader.wrong(path, "the path of the socket is missing: unix:///run/broker.sock");
  return {};
}

Result<void> take_query(Reader& reader, BrokerUrl& url) {
  if (!reader.rest.starts_with('?')) return {};
  reader.rest.remove_prefix(1);
  std::string_view query = reader.take_until("#");
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    if (url.query.size() == query_pairs_max)
      return reader.wrong(pair, "a URL has at most 64 query parameters");
    const auto equals = pair.find('=');
    SLUICE_TRY(std::string key, reader.decode(pair.substr(0, equals)));
    std::string value;
    if (equals != std::string_view::npos) {
      SLUICE_TRY(value, reader.decode(pair.substr(equals + 1)));
    }
    url.query.emplace_back(std::move(key), std::move(value));
  }
  return {};
}

}  // namespace

Result<BrokerUrl> parse_broker_url(std::string_view text) {
  Reader reader{text, text};
  SLUICE_CHECK(check_bytes(reader));
  BrokerUrl url;
  SLUICE_TRY(url.scheme, take_scheme(reader));
  if (url.scheme != Scheme::unix_socket) SLUICE_CHECK(take_authority(reader, url));
  SLUICE_CHECK(take_path(reader, url));
  SLUICE_CHECK(take_query(reader, url));
  if (!reader.rest.empty()) return reader.wrong(reader.rest, "a broker URL has no '#' part");
  return url;
}

std::string_view to_string(Scheme scheme) { return row_of(scheme).name; }

std::uint16_t default_port(Scheme scheme) { return row_of(scheme).port; }

std::string without_secrets(const BrokerUrl& url) {
  std::string text(to_string(url.scheme));
  text += "://";
  for (std::size_t i = 0; i < url.hosts.size(); ++i) {
    if (i != 0) text += ",";
    text += to_string(url.hosts[i]);
  }
  return text + url.path;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return fail(Error{.code = ErrorCode::parse_error,
                        .offset = static_cast<std::uint32_t>(i),
                        .detail = "two hexadecimal digits follow a '%'; '%' itself is %25"});
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

}  // namespace sluice::net
