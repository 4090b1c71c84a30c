// SPDX-License-Identifier: Apache-2.0
//
// A SocksTransport asks a SOCKS5 proxy for a connection to a host, by its name, and is then that
// connection. The proxy looks the name up.
//
// Owner, Thread, Never: as Transport.
// Limits:  names, users and passwords of 255 bytes.
// Spec:    RFC 1928 (CONNECT), RFC 1929.
#pragma once

#include "net/address.h"
#include "net/transport/layered_transport.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::net {

struct SocksProxy {
  HostPort address;
  std::optional<std::string> user{};
  std::string password{};
};

/// "socks5h://[user[:password]@]host[:port]", also socks5://; parse_error: what is wrong with it.
Result<SocksProxy> parse_socks_url(std::string_view text);

class SocksTransport final : public LayeredTransport {
 public:
  /// REQUIRES: a proxy as parse_socks_url() gives it.
  SocksTransport(const SocksProxy& proxy, const HostPort& target,
                 std::unique_ptr<Transport> beneath);

  Result<std::size_t> read(MutableByteView into) override;
  Result<std::size_t> write(std::span<const IoSlice> slices) override;
  void shutdown_write() override { beneath().shutdown_write(); }
  bool has_buffered_input() const override { return beneath().has_buffered_input(); }
  bool is_handshaking() const override { return step_ != Step::open; }
  Result<void> handshake() override;

 private:
  enum class Step : std::uint8_t { method, login, connect, address, open };

  void ask_method();
  void ask_login();
  void ask_connect();
  Result<void> take_answer();
  Result<void> take_method();
  Result<void> take_connect();
  Result<void> send_question();
  /// Reads until `answer_` has that many bytes.
  Result<void> receive(std::size_t bytes);

  SocksProxy proxy_;
  HostPort target_;
  Step step_ = Step::method;
  std::vector<std::uint8_t> question_;  ///< what is not sent yet
  std::vector<std::uint8_t> answer_;
  std::size_t wanted_ = 0;  ///< bytes of the answer
};

}  // namespace sluice::net
