// SPDX-License-Identifier: Apache-2.0
//
// The header of the PROXY protocol: what a load balancer says, before the first byte of a client,
// of where that client comes from.
//
// Thread: any (pure).
// Limits:  header_bytes_max.
// Spec:    haproxy's proxy-protocol.txt, versions 1 and 2.
#pragma once

#include "base/bytes.h"
#include "base/peer.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace sluice::net {

struct ProxyHeader {
  static constexpr std::size_t header_bytes_max = 4096;

  enum class State : std::uint8_t { incomplete, complete, wrong };

  State state = State::incomplete;
  std::size_t size = 0;       ///< of a complete one
  const char* problem = "";   ///< of a wrong one; static
  Peer source{};              ///< the client; PeerKind::none if the proxy speaks for itself
  std::string common_name{};  ///< of a client certificate that the proxy has verified
};

/// `bytes` from the first of the connection on; incomplete if more are needed.
ProxyHeader parse_proxy_header(ByteView bytes);

}  // namespace sluice::net
