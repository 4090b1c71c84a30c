// SPDX-License-Identifier: Apache-2.0
//
// What is set on a connected socket. Each call is best effort: a connection that refuses an option
// (because it has just been reset, or is not TCP) is none the worse.
#pragma once

#include "base/peer.h"

#include <chrono>
#include <cstddef>

namespace sluice::os {

/// When a silent or unreachable peer is given up. Zero leaves the system's value.
struct TcpKeepAlive {
  std::chrono::seconds idle{60};                ///< silence before the first probe
  std::chrono::seconds interval{10};            ///< between probes
  int probes = 6;                               ///< unanswered probes that end the connection
  std::chrono::milliseconds unacknowledged{0};  ///< TCP_USER_TIMEOUT: sent bytes without an answer
};

void set_no_delay(int fd, bool on);
void set_keep_alive(int fd, const TcpKeepAlive& keep_alive);
/// Closing then resets the connection at once and drops what is unsent.
void set_reset_on_close(int fd);
/// Zero leaves the kernel's own tuning alone.
void set_buffer_bytes(int fd, std::size_t receive_bytes, std::size_t send_bytes);

/// The two ends of a connected socket; PeerKind::none if it is not connected. The remote end of a
/// Unix socket carries the peer's process id.
Peer local_end(int fd);
Peer remote_end(int fd);

}  // namespace sluice::os
