// SPDX-License-Identifier: Apache-2.0
//
// TlsShared is what the callbacks of OpenSSL and the connections of a context need beside it. It
// hangs on the SSL_CTX and goes with it.
//
// Owner:   an SSL_CTX.      Thread: any; read-only once the context is made.
#pragma once

#include "net/transport/tls/tls_context.h"
#include "os/stream_file.h"

#include <openssl/ssl.h>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::net {

/// Identity to key.
using TlsPskTable = std::unordered_map<std::string, std::vector<std::uint8_t>>;

struct TlsShared {
  std::string alpn;                ///< as on the wire: each name behind its length
  std::vector<std::uint8_t> ocsp;  ///< the response to staple
  TlsPskTable psk_keys;            ///< of a client: its only one
  std::optional<os::StreamFile> key_log;
  std::vector<TlsContext> by_name;  ///< certificates beyond the first, chosen by SNI
  std::int64_t expires_s = 0;
  TlsIdentity identity = TlsIdentity::none;
  HostCheck host_check = HostCheck::name_and_chain;
  ClientCertificate client_certificate = ClientCertificate::none;
  bool is_server = false;
};

/// REQUIRES: a context that TlsContext made.
TlsShared& tls_shared(const SSL_CTX* context);
/// Hangs a new one on it.
TlsShared& make_tls_shared(SSL_CTX* context);

/// Lines of identity:key, as mosquitto's psk_file; the error names file and line.
TlsResult<TlsPskTable> read_psk_file(const std::string& path);
/// The bytes of "00ff1a"; empty if it is not hexadecimal.
std::vector<std::uint8_t> bytes_of_hex(std::string_view text);
/// Has the context ask for, or answer with, pre-shared keys of its TlsShared.
void use_server_psk(SSL_CTX* context);
void use_client_psk(SSL_CTX* context);

/// The name in a certificate; empty if it has none, or one that cannot be taken: not UTF-8, or with
/// NUL or control characters in it.
std::string identity_of(X509* certificate, TlsIdentity kind);

/// What OpenSSL's last error in this thread was; static. Takes it off the list.
const char* tls_error_text();
/// Where a connection keeps the identity of its pre-shared key.
void set_psk_identity_place(SSL* ssl, std::string* place);

}  // namespace sluice::net
