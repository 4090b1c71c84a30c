// SPDX-License-Identifier: Apache-2.0
#include "net/transport/ws/ws_handshake.h"

#include "base/assert.h"
#include "net/address.h"
#include "os/socket/socket_address.h"

#include <openssl/evp.h>

#include <algorithm>

namespace sluice::net {
namespace {

constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, to_lower, to_lower);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Calls `visit` for each part of a list that commas part, in all headers of that name.
template <class Visitor>
void for_each_part(const HttpRequest& request, std::string_view name, const Visitor& visit) {
  for (const auto& [key, value] : request.headers) {
    if (!is_same(key, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::string_view part = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), part.size() + 1));
      if (!trimmed(part).empty()) visit(trimmed(part));
    }
  }
}

bool has_part(const HttpRequest& request, std::string_view name, std::string_view wanted) {
  bool found = false;
  for_each_part(request, name, [&](std::string_view part) { found |= is_same(part, wanted); });
  return found;
}

std::string base64(ByteView bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string accept_of(std::string_view key) {
  const std::string text = std::string(key) + std::string(guid);
  std::array<unsigned char, 20> digest;
  unsigned size = 0;
  SLUICE_ASSERT(EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) ==
                1);
  return base64(digest);
}

bool is_key(std::string_view key) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return key.size() == 24 && key.ends_with("==") && key.find_first_not_of(letters) == 22;
}

// "mqtt" is what MQTT 3.1.1 and 5.0 ask for, "mqttv3.1" what was said before.
// [MQTT3-6.0.0-4] [MQTT5-6.0.0-4]
std::string_view choose_protocol(const HttpRequest& request) {
  std::string_view chosen;
  for_each_part(request, "sec-websocket-protocol", [&chosen](std::string_view part) {
    if (part == "mqtt" || (part == "mqttv3.1" && chosen.empty())) chosen = part;
  });
  return chosen;
}

// "https://app.example:8443" without scheme and port.
std::string_view host_of(std::string_view origin) {
  const auto scheme = origin.find("://");
  if (scheme != std::string_view::npos) origin.remove_prefix(scheme + 3);
  if (origin.starts_with('[')) return origin.substr(0, origin.find(']') + 1);
  return origin.substr(0, origin.find_first_of(":/"));
}

bool is_this_machine(std::string_view host) {
  return is_same(host, "localhost") || host.starts_with("127.") || host == "[::1]";
}

// A page from anywhere may make the browser of its reader speak to what listens on that machine:
// the browser says where the page is from. The Host header says nothing, since names can be made
// to point anywhere.
bool is_origin_allowed(std::string_view origin, const WsServerOptions& options) {
  if (origin.empty()) return true;
  for (const std::string& allowed : options.origins)
    if (allowed == "*" || is_same(allowed, origin)) return true;
  if (!options.origins.empty() && options.otherwise == WsOrigins::any) return false;
  return options.otherwise == WsOrigins::any || is_this_machine(host_of(origin));
}

HttpResponse refuse(unsigned status, std::string text) {
  HttpResponse response{.status = status};
  response.body = std::move(text) + "\n";
  return response;
}

Failure wrong_answer(const char* detail) { return fail(ErrorCode::protocol_error, detail); }

bool is_name_byte(char c) {
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return is_letter || (c >= '0' && c <= '9') || std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

bool is_value_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7F);
}

/// What the handshake says itself, and what would change how the request is cut.
bool is_of_handshake(std::string_view name) {
  constexpr std::array names{"host",   "upgrade",           "connection", "content-length",
                             "expect", "transfer-encoding", "te",         "trailer"};
  constexpr std::string_view own = "sec-websocket-";
  return is_same(name.substr(0, own.size()), own) ||
         std::ranges::any_of(names, [name](const char* one) { return is_same(name, one); });
}

// The value of the first header of that name in a head.
std::string_view header_of(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && is_same(line.substr(0, colon), name))
      return trimmed(line.substr(colon + 1));
  }
  return {};
}

}  // namespace

HttpResponse answer_upgrade(const HttpRequest& request, const WsServerOptions& options) {
  if (request.method != "GET") return refuse(405, "a WebSocket begins with GET");
  if (!options.paths.empty() &&
      std::ranges::find(options.paths, request.path()) == options.paths.end())
    return refuse(404, "there is no WebSocket at this path");
  if (!request.is_upgrade || !has_part(request, "upgrade", "websocket") ||
      !has_part(request, "connection", "upgrade")) {
    HttpResponse response = refuse(426, "MQTT over WebSocket is spoken here: Upgrade: websocket");
    response.headers = {{"Upgrade", "websocket"}};
    return response;
  }
  if (request.header("sec-websocket-version") != "13") {
    HttpResponse response = refuse(426, "version 13 of WebSocket is spoken here");
    response.headers = {{"Sec-WebSocket-Version", "13"}};
    return response;
  }
  const std::string_view key = request.header("sec-websocket-key");
  if (!is_key(key)) return refuse(400, "Sec-WebSocket-Key is 16 bytes in base64");
  const std::string_view protocol = choose_protocol(request);
  if (protocol.empty())
    return refuse(400, "ask for the subprotocol mqtt (or mqttv3.1): Sec-WebSocket-Protocol: mqtt");
  if (!is_origin_allowed(request.header("origin"), options))
    return refuse(403,
                  "pages of this origin may not connect; the listener's ws_origins says which");
  return {.status = 101,
          .content_type = {},
          .headers = {{"Upgrade", "websocket"},
                      {"Connection", "Upgrade"},
                      {"Sec-WebSocket-Accept", accept_of(key)},
                      {"Sec-WebSocket-Protocol", std::string(protocol)}},
          .body = {}};
}

Peer forwarded_peer(const HttpRequest& request, const Peer& peer, const AddressRanges& trusted) {
  std::vector<std::string> parts;
  for_each_part(request, "x-forwarded-for",
                [&parts](std::string_view part) { parts.emplace_back(part); });
  // Each proxy adds at the end whom it has seen; what stands before an address that is not trusted
  // anybody may have written.
  Peer found = peer;
  for (auto part = parts.rbegin(); part != parts.rend() && contains(trusted, found); ++part) {
    const auto host = parse_host_port(*part);
    const auto address = os::SocketAddress::from_ip(
        host ? host->host : *part, host ? host->port.value_or(0) : std::uint16_t{0});
    if (!address) break;
    found = address->peer();
  }
  return found;
}

// [MQTT3-6.0.0-3] [MQTT5-6.0.0-3]
std::string upgrade_request(const UpgradeRequest& request) {
  std::string text = "GET ";
  text.append(request.path.empty() ? "/mqtt" : request.path);
  text.append(" HTTP/1.1\r\nHost: ").append(request.host);
  text += "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  text.append("Sec-WebSocket-Key: ").append(request.key);
  text += "\r\nSec-WebSocket-Protocol: mqtt\r\n";
  for (const WsHeader& header : request.headers)
    text.append(header.name).append(": ").append(header.value).append("\r\n");
  text += "\r\n";
  return text;
}

Result<void> check_ws_headers(std::span<const WsHeader> headers) {
  std::size_t bytes = 0;
  std::uint32_t at = 0;
  for (const WsHeader& header : headers) {
    const auto wrong = [at](const char* detail) {
      return fail(Error{.code = ErrorCode::invalid_argument, .offset = at, .detail = detail});
    };
    if (header.name.empty() || !std::ranges::all_of(header.name, is_name_byte))
      return wrong("the name of a header is letters, digits and !#$%&'*+-.^_`|~");
    if (is_of_handshake(header.name))
      return wrong("this header belongs to the handshake itself, and cannot be given");
    if (!std::ranges::all_of(header.value, is_value_byte))
      return wrong("the value of a header has no line ends or other control characters");
    bytes += header.name.size() + header.value.size() + 4;
    if (bytes > ws_headers_bytes_max) return wrong("the headers are longer than 8192 bytes in all");
    ++at;
  }
  return {};
}

Result<void> check_upgrade(std::string_view head, std::string_view key) {
  if (!head.starts_with("HTTP/1.1 101"))
    return wrong_answer("the server does not answer with a WebSocket: check path and port");
  if (!is_same(header_of(head, "upgrade"), "websocket") ||
      header_of(head, "sec-websocket-accept") != accept_of(key))
    return wrong_answer("the server's answer is not that of a WebSocket");
  if (header_of(head, "sec-websocket-protocol") != "mqtt")
    return wrong_answer("the server does not speak MQTT over its WebSocket");
  return {};
}

std::string ws_key(const std::array<std::uint8_t, 16>& random) { return base64(random); }

}  // namespace sluice::net
