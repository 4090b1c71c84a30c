// SPDX-License-Identifier: Apache-2.0
//
// A BrokerUrl says where a broker is and who is asking:
//   mqtt://user:password@one.example,two.example:1884/path?key=value      unix:///run/sluice.sock
// Percent escapes are undone in each part after it has been split off.
//
// Owner:   whoever holds the value.         Thread: any.
// Limits:  4,096 bytes, 16 hosts, 64 query pairs.
// Spec:    RFC 3986, with several hosts.
#pragma once

#include "base/result.h"
#include "net/address.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::net {

enum class Scheme : std::uint8_t { tcp, tls, ws, wss, unix_socket };

struct BrokerUrl {
  Scheme scheme = Scheme::tcp;
  std::vector<HostPort> hosts;  ///< each with a port: the scheme's own if none was given
  std::optional<std::string> user;
  std::optional<std::string> password;
  std::string path;  ///< "/mqtt"; the socket's path for unix; empty if there is none
  std::vector<std::pair<std::string, std::string>> query;
};

/// parse_error: what is wrong and at which byte.
Result<BrokerUrl> parse_broker_url(std::string_view text);
/// "mqtt", "mqtts", "ws", "wss", "unix": the first name of each.
std::string_view to_string(Scheme scheme);
/// 1883, 8883, 80, 443; 0 for unix.
std::uint16_t default_port(Scheme scheme);
/// The URL again, for a log line: without user and password.
std::string without_secrets(const BrokerUrl& url);
/// "%2F" to "/"; parse_error at a '%' that two hexadecimal digits do not follow.
Result<std::string> percent_decode(std::string_view text);

}  // namespace sluice::net
