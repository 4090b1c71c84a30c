// SPDX-License-Identifier: Apache-2.0
//
// A TlsTransport is TLS on another transport, either end of it. OpenSSL never waits for room to
// write: what the transport beneath does not take at once is kept here, and nothing more is taken
// until it has left.
//
// Owner, Thread, Never: as Transport.
// Limits:  pending_bytes_max of bytes that wait below; beyond it the connection is broken (a peer
//          that makes us answer without reading the answers). Idle: 15 KB, session and all;
//          most of it is OpenSSL's.
// Spec:    RFC 8446, RFC 5246.
#pragma once

#include "net/transport/layered_transport.h"
#include "net/transport/tls/tls_context.h"

#include <string>
#include <vector>

namespace sluice::net {

class TlsTransport final : public LayeredTransport {
 public:
  static constexpr std::size_t pending_bytes_max = 256 * 1024;

  /// The server's end. REQUIRES: a context for servers.
  TlsTransport(const TlsContext& context, std::unique_ptr<Transport> beneath);
  /// The client's end, for a server that is to have this name or address.
  TlsTransport(const TlsContext& context, std::unique_ptr<Transport> beneath,
               const std::string& host);
  ~TlsTransport() override;

  Result<std::size_t> read(MutableByteView into) override;
  Result<std::size_t> write(std::span<const IoSlice> slices) override;
  void shutdown_write() override;
  void reset_on_close() override;
  bool has_buffered_input() const override { return is_more_buffered_; }
  bool has_pending_output() const override { return !pending_.empty(); }
  Result<void> flush() override;
  bool is_handshaking() const override { return phase_ == Phase::handshake; }
  bool is_handshake_costly() const override { return is_handshaking(); }
  Result<void> handshake() override;
  std::string_view identity() const override;
  /// "TLSv1.3, TLS_AES_256_GCM_SHA384, certificate of localhost by Test CA until 2027-01-31".
  std::string security() const override;

  /// After the handshake: whether it took up an earlier session.
  bool is_resumed() const;

 private:
  enum class Phase : std::uint8_t { handshake, open, write_shut, broken };
  struct Free {
    void operator()(SSL* ssl) const;
  };
  struct Io;  ///< what OpenSSL reads and writes through

  void make(const TlsContext& context);
  Result<void> learn_identity();
  Failure failure(int result);
  bool should_ask_again();
  Failure end_of_handshake(int result);
  Result<std::size_t> write_record(ByteView bytes);

  std::unique_ptr<SSL, Free> ssl_;
  std::vector<std::uint8_t> pending_;
  std::string identity_;
  Error below_{};  ///< what the transport beneath said last, if that was an end
  Phase phase_ = Phase::handshake;
  bool is_input_dry_ = false;  ///< the transport beneath has nothing until its next event
  bool is_guess_ = false;      ///< that it is dry is concluded, not said
  bool is_more_buffered_ = false;
  bool is_reset_ = false;
};

}  // namespace sluice::net
