// SPDX-License-Identifier: Apache-2.0
//
// A TlsContext is what TLS connections of one listener, or of one client, have in common:
// certificates, keys, trust, versions. It is made once from files, never changes, and is kept alive
// by its connections: a listener that gets a new one lets go of the old.
//
// Owner:   whoever holds the value; copies share what is behind them.      Thread: any.
// Limits:  certificates_max, psk_file_bytes_max, ocsp_bytes_max.
// Spec:    RFC 8446, 5246, 7301 (ALPN), 6066 (SNI, OCSP), 4279 (PSK).
#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::net {

/// A value, or a sentence for the operator that names the file and what is wrong with it.
template <class T>
using TlsResult = std::expected<T, std::string>;

enum class TlsVersion : std::uint8_t { v1_2, v1_3 };
enum class ClientCertificate : std::uint8_t { none, optional, required };
/// What of a certificate is the name of its owner.
enum class TlsIdentity : std::uint8_t { none, common_name, distinguished_name, alternative_name };

/// Random bytes under which session tickets are sealed; the same ones open them again.
using TlsTicketKeys = std::array<std::uint8_t, 80>;

struct TlsCertificateFiles {
  std::string certificate{};  ///< PEM, the chain after it
  std::string key{};          ///< PEM; empty: it stands in the certificate's file
  std::string ocsp{};         ///< DER response to staple; empty: none
};

struct TlsServerOptions {
  std::vector<TlsCertificateFiles> certificates{};  ///< by SNI; the first if no name fits
  std::string ca_file{};                            ///< who may sign client certificates
  std::string ca_path{};
  std::string crl_file{};
  std::string psk_file{};  ///< lines of identity:hexadecimal key
  std::string psk_hint{};
  std::string ciphers{};  ///< of TLS 1.2; empty: OpenSSL's own
  std::vector<std::string> alpn{};
  TlsTicketKeys ticket_keys{};
  std::string ticket_scope{};  ///< tickets of another scope are not taken
  TlsVersion version_min = TlsVersion::v1_2;
  ClientCertificate client_certificate = ClientCertificate::none;
  TlsIdentity identity = TlsIdentity::none;
};

enum class TlsVersions : std::uint8_t { any, only_1_2, only_1_3 };
/// nothing: whoever answers is trusted, for tests.
enum class HostCheck : std::uint8_t { name_and_chain, chain_only, nothing };

struct TlsClientOptions {
  std::string ca_file{};  ///< with ca_path empty too: the system's
  std::string ca_path{};
  std::string certificate{};
  std::string key{};
  std::string ciphers{};
  std::string alpn{};
  std::string psk_hex{};
  std::string psk_identity{};
  std::string key_log{};  ///< a file that secrets are appended to, as NSS has it; empty: none
  TlsVersions versions = TlsVersions::any;
  HostCheck host_check = HostCheck::name_and_chain;
};

class TlsContext {
 public:
  static constexpr std::size_t certificates_max = 64;
  static constexpr std::size_t psk_file_bytes_max = std::size_t{16} << 20;
  static constexpr std::size_t ocsp_bytes_max = 65536;

  static TlsResult<TlsContext> for_server(const TlsServerOptions& options);
  static TlsResult<TlsContext> for_client(const TlsClientOptions& options);

  /// Nothing: not to be used.
  TlsContext() = default;
  explicit operator bool() const { return context_ != nullptr; }
  TlsContext(const TlsContext& other);
  TlsContext& operator=(const TlsContext& other);
  TlsContext(TlsContext&&) = default;
  TlsContext& operator=(TlsContext&&) = default;
  ~TlsContext() = default;

  /// Seconds since 1970 at which the first of the certificates ends; 0 if there is none.
  std::int64_t expires_s() const;

  SSL_CTX* get() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const;
  };
  explicit TlsContext(SSL_CTX* context) : context_(context) {}
  friend class TlsContextMaker;

  std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace sluice::net
