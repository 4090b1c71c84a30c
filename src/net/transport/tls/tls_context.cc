// SPDX-License-Identifier: Apache-2.0
#include "net/transport/tls/tls_context.h"

#include "base/assert.h"
#include "net/transport/tls/tls_shared.h"
#include "os/file.h"
#include "os/stream_file.h"
#include "os/system_error.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <ctime>

// OpenSSL's macros cast as C does.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace sluice::net {
namespace {

std::unexpected<std::string> refuse(std::string text) { return std::unexpected(std::move(text)); }

std::unexpected<std::string> refuse_file(const std::string& path, const char* what) {
  return refuse(path + ": " + what + ": " + tls_error_text());
}

// What cannot be written is missing there: a connection does not end for it.
void log_key(const SSL* ssl, const char* line) {
  const std::string text = std::string(line) + "\n";
  const TlsShared& shared = tls_shared(SSL_get_SSL_CTX(ssl));
  static_cast<void>(shared.key_log->write(as_bytes(text)));
}

void free_shared(void* /*parent*/, void* shared, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                 long /*argument*/, void* /*pointer*/) {
  const std::unique_ptr<TlsShared> owner(static_cast<TlsShared*>(shared));
}

int shared_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_shared);
  return index;
}

// The server's choice among what the client offers; a client that offers only what is not spoken
// here is refused (RFC 7301 §3.2).
int choose_alpn(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size,
                const unsigned char* offered, unsigned offered_size, void* /*argument*/) {
  const std::string& ours = tls_shared(SSL_get_SSL_CTX(ssl)).alpn;
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(
          &found, chosen_size, reinterpret_cast<const unsigned char*>(ours.data()),
          static_cast<unsigned>(ours.size()), offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

int choose_certificate(SSL* ssl, int* /*alert*/, void* /*argument*/) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* first = SSL_get_SSL_CTX(ssl);
  const auto fits = [name](const SSL_CTX* context) {
    X509* certificate = SSL_CTX_get0_certificate(context);
    return certificate != nullptr &&
           X509_check_host(certificate, name, std::strlen(name), 0, nullptr) == 1;
  };
  if (fits(first)) return SSL_TLSEXT_ERR_OK;
  for (const TlsContext& other : tls_shared(first).by_name) {
    if (!fits(other.get())) continue;
    SSL_set_SSL_CTX(ssl, other.get());
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_OK;  // the first; whether that name will do is for the client to say
}

int staple(SSL* ssl, void* /*argument*/) {
  const auto& response = tls_shared(SSL_get_SSL_CTX(ssl)).ocsp;
  if (response.empty()) return SSL_TLSEXT_ERR_NOACK;
  void* copy = OPENSSL_memdup(response.data(), response.size());
  if (copy == nullptr) return SSL_TLSEXT_ERR_ALERT_FATAL;
  SSL_set_tlsext_status_ocsp_resp(ssl, static_cast<unsigned char*>(copy),
                                  static_cast<long>(response.size()));
  return SSL_TLSEXT_ERR_OK;
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<std::int64_t>(::timegm(&parts)) : 0;
}

std::string wire_alpn(const std::vector<std::string>& names) {
  std::string wire;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > 255) continue;
    wire += static_cast<char>(name.size());
    wire += name;
  }
  return wire;
}

TlsResult<void> use_certificate(SSL_CTX* context, const std::string& certificate,
                                const std::string& key) {
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
    return refuse_file(certificate, "no certificate can be read from it");
  const std::string& key_file = key.empty() ? certificate : key;
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return refuse_file(key_file, "no private key can be read from it");
  if (SSL_CTX_check_private_key(context) != 1)
    return refuse(key_file + ": this key is not that of the certificate in " + certificate);
  return {};
}

TlsResult<void> use_trust(SSL_CTX* context, const std::string& file, const std::string& path) {
  ERR_clear_error();
  if (!file.empty() && SSL_CTX_load_verify_file(context, file.c_str()) != 1)
    return refuse_file(file, "no certificates can be read from it");
  if (!path.empty() && SSL_CTX_load_verify_dir(context, path.c_str()) != 1)
    return refuse_file(path, "it is no folder of certificates");
  return {};
}

TlsResult<void> use_revocations(SSL_CTX* context, const std::string& file) {
  if (file.empty()) return {};
  ERR_clear_error();
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (lookup == nullptr || X509_load_crl_file(lookup, file.c_str(), X509_FILETYPE_PEM) < 1)
    return refuse_file(file, "no list of revoked certificates can be read from it");
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
  return {};
}

TlsResult<void> use_ciphers(SSL_CTX* context, const std::string& ciphers) {
  if (ciphers.empty() || SSL_CTX_set_cipher_list(context, ciphers.c_str()) == 1) return {};
  return refuse("ciphers: '" + ciphers + "' names no cipher that this OpenSSL has");
}

void set_common(SSL_CTX* context) {
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

TlsResult<void> use_client_trust(SSL_CTX* context, const TlsServerOptions& options) {
  if (options.client_certificate == ClientCertificate::none) return {};
  if (auto good = use_trust(context, options.ca_file, options.ca_path); !good) return good;
  if (auto good = use_revocations(context, options.crl_file); !good) return good;
  if (!options.ca_file.empty())
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(options.ca_file.c_str()));
  const bool is_required = options.client_certificate == ClientCertificate::required;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (is_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  return {};
}

void use_tickets(SSL_CTX* context, const TlsServerOptions& options) {
  // A ticket of a pre-shared key would no longer say whose it was.
  if (!options.psk_file.empty()) {
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
    return;
  }
  TlsTicketKeys keys = options.ticket_keys;
  SLUICE_ASSERT(SSL_CTX_set_tlsext_ticket_keys(context, keys.data(), keys.size()) == 1);
  SSL_CTX_set_num_tickets(context, 1);
  const std::string scope = options.ticket_scope.substr(0, SSL_MAX_SID_CTX_LENGTH);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(scope.data()),
                                 static_cast<unsigned>(scope.size()));
}

TlsResult<void> use_ocsp(SSL_CTX* context, const std::string& file) {
  if (file.empty()) return {};
  const auto bytes = os::read_file(file, TlsContext::ocsp_bytes_max);
  if (!bytes) return refuse(file + ": cannot be read: " + bytes.error().detail);
  tls_shared(context).ocsp.assign(bytes->begin(), bytes->end());
  SSL_CTX_set_tlsext_status_cb(context, staple);
  return {};
}

TlsResult<void> set_up_server(SSL_CTX* context, const TlsServerOptions& options,
                              const TlsCertificateFiles& files) {
  set_common(context);
  TlsShared& shared = make_tls_shared(context);
  shared.is_server = true;
  shared.identity = options.identity;
  shared.client_certificate = options.client_certificate;
  shared.alpn = wire_alpn(options.alpn);
  if (!shared.alpn.empty()) SSL_CTX_set_alpn_select_cb(context, choose_alpn, nullptr);
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  if (options.version_min == TlsVersion::v1_3)
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  if (auto good = use_ciphers(context, options.ciphers); !good) return good;
  if (!files.certificate.empty()) {
    if (auto good = use_certificate(context, files.certificate, files.key); !good) return good;
    shared.expires_s = seconds_of(X509_get0_notAfter(SSL_CTX_get0_certificate(context)));
  }
  if (auto good = use_ocsp(context, files.ocsp); !good) return good;
  if (!options.psk_file.empty()) {
    auto keys = read_psk_file(options.psk_file);
    if (!keys) return refuse(keys.error());
    shared.psk_keys = std::move(*keys);
    use_server_psk(context);
    if (!options.psk_hint.empty()) SSL_CTX_use_psk_identity_hint(context, options.psk_hint.c_str());
  }
  use_tickets(context, options);
  return use_client_trust(context, options);
}

}  // namespace

void TlsContext::Free::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }

TlsContext::TlsContext(const TlsContext& other) : context_(other.context_.get()) {
  if (context_) SSL_CTX_up_ref(context_.get());
}

TlsContext& TlsContext::operator=(const TlsContext& other) {
  *this = TlsContext(other);
  return *this;
}

TlsResult<TlsContext> TlsContext::for_server(const TlsServerOptions& options) {
  if (options.certificates.empty() && options.psk_file.empty())
    return refuse("TLS needs a certificate and its key, or a file of pre-shared keys");
  if (options.certificates.size() > certificates_max)
    return refuse("a listener has at most 64 certificates");
  if (options.client_certificate != ClientCertificate::none && options.ca_file.empty() &&
      options.ca_path.empty())
    return refuse("client certificates need the authorities that sign them: a CA file or folder");
  TlsContext first(SSL_CTX_new(TLS_server_method()));
  SLUICE_ASSERT(first);
  const TlsCertificateFiles none;
  const auto& files = options.certificates;
  if (auto good = set_up_server(first.get(), options, files.empty() ? none : files.front()); !good)
    return refuse(good.error());
  for (std::size_t i = 1; i < files.size(); ++i) {
    TlsContext other(SSL_CTX_new(TLS_server_method()));
    SLUICE_ASSERT(other);
    if (auto good = set_up_server(other.get(), options, files[i]); !good)
      return refuse(good.error());
    tls_shared(first.get()).by_name.push_back(std::move(other));
  }
  SSL_CTX_set_tlsext_servername_callback(first.get(), choose_certificate);
  return first;
}

TlsResult<TlsContext> TlsContext::for_client(const TlsClientOptions& options) {
  TlsContext made(SSL_CTX_new(TLS_client_method()));
  SLUICE_ASSERT(made);
  SSL_CTX* context = made.get();
  set_common(context);
  TlsShared& shared = make_tls_shared(context);
  shared.host_check = options.host_check;
  if (options.versions == TlsVersions::only_1_2)
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  if (options.versions == TlsVersions::only_1_3)
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  const bool is_checked = options.host_check != HostCheck::nothing;
  SSL_CTX_set_verify(context, is_checked ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (auto good = use_ciphers(context, options.ciphers); !good) return refuse(good.error());
  if (auto good = use_trust(context, options.ca_file, options.ca_path); !good)
    return refuse(good.error());
  if (options.ca_file.empty() && options.ca_path.empty()) SSL_CTX_set_default_verify_paths(context);
  if (!options.certificate.empty()) {
    auto good = use_certificate(context, options.certificate, options.key);
    if (!good) return refuse(good.error());
  }
  if (!options.alpn.empty()) {
    const std::string wire = wire_alpn({options.alpn});
    SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(wire.data()),
                            static_cast<unsigned>(wire.size()));
  }
  if (!options.key_log.empty()) {
    auto file = os::StreamFile::append(options.key_log);
    if (!file) return refuse(options.key_log + ": " + os::describe(file.error()));
    shared.key_log = std::move(*file);
    SSL_CTX_set_keylog_callback(context, log_key);
  }
  if (!options.psk_hex.empty()) {
    auto key = bytes_of_hex(options.psk_hex);
    if (key.empty()) return refuse("the pre-shared key is an even number of hexadecimal digits");
    shared.psk_keys.emplace(options.psk_identity, std::move(key));
    use_client_psk(context);
    if (options.ciphers.empty()) SSL_CTX_set_cipher_list(context, "PSK");
  }
  return made;
}

std::int64_t TlsContext::expires_s() const {
  const TlsShared& shared = tls_shared(get());
  std::int64_t first = shared.expires_s;
  for (const TlsContext& other : shared.by_name)
    first = std::min(first, tls_shared(other.get()).expires_s);
  return first;
}

TlsShared& make_tls_shared(SSL_CTX* context) {
  auto shared = std::make_unique<TlsShared>();
  SLUICE_ASSERT(SSL_CTX_set_ex_data(context, shared_index(), shared.get()) == 1);
  return *shared.release();
}

TlsShared& tls_shared(const SSL_CTX* context) {
  auto* shared = static_cast<TlsShared*>(SSL_CTX_get_ex_data(context, shared_index()));
  SLUICE_ASSERT(shared != nullptr);
  return *shared;
}

const char* tls_error_text() {
  // The first says what the system said, those behind it only that it did.
  const unsigned long first = ERR_peek_error();
  const unsigned long error = ERR_SYSTEM_ERROR(first) ? first : ERR_peek_last_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(error)) return std::strerror(ERR_GET_REASON(error));
  const char* text = error == 0 ? nullptr : ERR_reason_error_string(error);
  return text == nullptr ? "it is not as it should be" : text;
}

}  // namespace sluice::net
