// SPDX-License-Identifier: Apache-2.0
//
// What speaks on a port where MQTT did not answer: sends a CONNECT in the clear and looks at the
// first bytes that come back.
#pragma once

#include "base/time.h"
#include "os/socket/socket_address.h"

#include <cstdint>
#include <string_view>

namespace sluice::cli {

enum class PortSpeaks : std::uint8_t { nothing, mqtt, tls, http, ssh, other, closed };

/// By the first bytes of an answer to a CONNECT.
PortSpeaks recognised(std::string_view answer);
/// Blocks, at most as long as `patience`.
PortSpeaks sniff(const os::SocketAddress& address, Duration patience);

}  // namespace sluice::cli
