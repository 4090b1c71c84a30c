// SPDX-License-Identifier: Apache-2.0
//
// An Exchange is one TCP connection to a server on this machine that waits for what it wants, and
// counts what went over the wire.
//
// Owner:   a measurement.      Thread: its owner's; blocks, at most 10 s at a time.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "os/file_descriptor.h"
#include "os/reactor/reactor.h"

#include <chrono>
#include <cstdint>
#include <memory>

namespace sluice::cli {

/// Sums over connections.
struct WireCounts {
  std::uint64_t bytes = 0;    ///< both ways, with the headers of TCP and IP
  std::uint64_t payload = 0;  ///< both ways, without them
  std::uint64_t packets = 0;  ///< both ways
  std::uint64_t connections = 0;

  WireCounts& operator+=(const WireCounts& other);
};

class Exchange {
 public:
  static constexpr Duration patience = std::chrono::seconds(10);

  /// To a port of 127.0.0.1.
  static Result<std::unique_ptr<Exchange>> open(std::uint16_t port);
  Exchange(os::FileDescriptor socket, std::unique_ptr<os::Reactor> reactor)
      : socket_(std::move(socket)), reactor_(std::move(reactor)) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Result<void> send(ByteView bytes);
  /// At least one byte; timed_out after `most`; closed at the end.
  Result<std::size_t> receive(MutableByteView into, Duration most);
  /// Ends the connection from both sides and returns its counts.
  Result<WireCounts> close();
  Result<WireCounts> counts() const;

 private:
  os::FileDescriptor socket_;
  std::unique_ptr<os::Reactor> reactor_;
};

}  // namespace sluice::cli
