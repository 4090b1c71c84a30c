// SPDX-License-Identifier: Apache-2.0
//
// What the kernel has counted of one TCP connection, as seen from this end.
#pragma once

#include "base/result.h"

#include <cstdint>

namespace sluice::os {

struct TcpCounts {
  std::uint64_t bytes_sent = 0;  ///< payload, without headers
  std::uint64_t bytes_received = 0;
  std::uint64_t segments_sent = 0;  ///< packets, those without payload too
  std::uint64_t segments_received = 0;
};

Result<TcpCounts> tcp_counts(int fd);

}  // namespace sluice::os
