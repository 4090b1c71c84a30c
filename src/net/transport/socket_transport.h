// SPDX-License-Identifier: Apache-2.0
//
// A SocketTransport is a Transport straight on a stream socket, TCP or Unix: one system call for
// each call.
//
// Owner, Thread, Never: as Transport.
#pragma once

#include "net/transport/transport.h"
#include "os/file_descriptor.h"

#include <optional>

namespace sluice::net {

class SocketTransport final : public Transport {
 public:
  /// REQUIRES: a non-blocking stream socket.
  SocketTransport(os::FileDescriptor socket, const Peer& peer);

  Result<std::size_t> read(MutableByteView into) override;
  Result<std::size_t> write(std::span<const IoSlice> slices) override;
  void shutdown_write() override;
  void reset_on_close() override;
  int fd() const override { return socket_.get(); }
  Peer peer() const override { return peer_; }
  Peer local() const override;

 private:
  os::FileDescriptor socket_;
  Peer peer_;
};

}  // namespace sluice::net
