// SPDX-License-Identifier: Apache-2.0
#include "os/socket/tcp_counts.h"

#include "os/system_error.h"

// The kernel's own header has the counters that the C library's lacks.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace sluice::os {

Result<TcpCounts> tcp_counts(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
    return system_failure("the counters of a connection");
  return TcpCounts{.bytes_sent = info.tcpi_bytes_sent,
                   .bytes_received = info.tcpi_bytes_received,
                   .segments_sent = info.tcpi_segs_out,
                   .segments_received = info.tcpi_segs_in};
}

}  // namespace sluice::os
