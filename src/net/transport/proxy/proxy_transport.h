// SPDX-License-Identifier: Apache-2.0
//
// A ProxyTransport takes the header of the PROXY protocol from the front of a connection and is
// then the connection itself, with the peer that the header names. Only trusted peers may say so.
//
// Owner, Thread, Never: as Transport.
// Limits:  ProxyHeader::header_bytes_max.
#pragma once

#include "net/address_range.h"
#include "net/transport/layered_transport.h"

#include <string>
#include <vector>

namespace sluice::net {

struct ProxyOptions {
  AddressRanges trusted{};  ///< who may say where a client comes from; nobody else may connect
};

class ProxyTransport final : public LayeredTransport {
 public:
  ProxyTransport(const ProxyOptions& options, std::unique_ptr<Transport> beneath);

  Result<std::size_t> read(MutableByteView into) override;
  Result<std::size_t> write(std::span<const IoSlice> slices) override;
  void shutdown_write() override { beneath().shutdown_write(); }
  bool has_buffered_input() const override { return is_more_ || beneath().has_buffered_input(); }
  bool is_handshaking() const override { return !is_open_; }
  Result<void> handshake() override;
  Peer peer() const override { return peer_; }
  std::string_view identity() const override { return common_name_; }

 private:
  std::vector<std::uint8_t> early_;  ///< the header as far as it came; then what came behind it
  std::string common_name_;
  Peer peer_;
  bool is_trusted_ = false;
  bool is_more_ = false;  ///< the socket was not read to its end
  bool is_open_ = false;
};

}  // namespace sluice::net
