// SPDX-License-Identifier: Apache-2.0
//
// How a connection becomes a WebSocket that carries MQTT: what a server says to a request, what a
// client asks and expects.
//
// Thread: any (pure).
// Spec:   RFC 6455 §4; MQTT 5.0 §6.
#pragma once

#include "base/bytes.h"
#include "base/peer.h"
#include "base/result.h"
#include "net/address_range.h"
#include "net/http/http_message.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::net {

/// Who may open a WebSocket where the listener says nothing of origins.
enum class WsOrigins : std::uint8_t {
  any,       ///< pages from everywhere
  own_only,  ///< pages of this machine: others could use a browser here to reach us
};

struct WsServerOptions {
  std::vector<std::string> paths{};    ///< empty: any
  std::vector<std::string> origins{};  ///< "https://app.example"; beyond what otherwise says
  WsOrigins otherwise = WsOrigins::any;
  AddressRanges forwarded_trusted{};  ///< peers whose X-Forwarded-For is believed
  std::uint64_t frame_bytes_max = 268'435'460;
};

/// The answer to a request: 101, or a refusal with the reason as its body.
HttpResponse answer_upgrade(const HttpRequest& request, const WsServerOptions& options);
/// The last address in X-Forwarded-For that is none of the trusted proxies', if `peer` is one of
/// them; `peer` if that does not say.
Peer forwarded_peer(const HttpRequest& request, const Peer& peer, const AddressRanges& trusted);

/// A header of the client's own in its request, such as Authorization.
struct WsHeader {
  std::string name;
  std::string value;
};

/// Most bytes of all headers of a client's own; a server need not take more.
constexpr std::size_t ws_headers_bytes_max = 8192;

/// invalid_argument for characters that would end or spoil the header, for names that belong to the
/// handshake itself, and for more than ws_headers_bytes_max in all; the offset is the header's
/// place.
Result<void> check_ws_headers(std::span<const WsHeader> headers);

/// Where a client asks, and with what.
struct UpgradeRequest {
  std::string host{};               ///< as in the Host header
  std::string path{};               ///< empty: /mqtt
  std::string key{};                ///< 16 random bytes in base64
  std::vector<WsHeader> headers{};  ///< that check_ws_headers() accepts
};

/// The bytes of a client's request.
std::string upgrade_request(const UpgradeRequest& request);
/// Checks the head of the server's answer, to its empty line; protocol_error with the reason.
Result<void> check_upgrade(std::string_view head, std::string_view key);
/// 16 bytes in base64.
std::string ws_key(const std::array<std::uint8_t, 16>& random);

}  // namespace sluice::net
