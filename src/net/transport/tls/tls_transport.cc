// SPDX-License-Identifier: Apache-2.0
#include "net/transport/tls/tls_transport.h"

#include "base/assert.h"
#include "net/transport/tls/tls_shared.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>

// OpenSSL's macros cast as C does.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace sluice::net {
namespace {

constexpr std::size_t record_bytes = 16384;

std::string common_name_of(const X509_NAME* name) {
  std::array<char, 256> text{};
  const int size = X509_NAME_get_text_by_NID(name, NID_commonName, text.data(), text.size());
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "no name";
}

}  // namespace

void TlsTransport::Free::operator()(SSL* ssl) const { SSL_free(ssl); }

// The BIO of a connection: its data is the TlsTransport.
struct TlsTransport::Io {
  static TlsTransport& owner(BIO* bio) { return *static_cast<TlsTransport*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int size) {
    TlsTransport& self = owner(bio);
    BIO_clear_retry_flags(bio);
    if (self.is_input_dry_) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t asked = static_cast<std::size_t>(size);
    const auto got = self.beneath().read({reinterpret_cast<std::uint8_t*>(into), asked});
    if (got) {
      // A socket that gave less than it was asked for tells of more by an event.
      self.is_input_dry_ = self.is_guess_ =
          *got < asked && self.fd() >= 0 && !self.beneath().has_buffered_input();
      return static_cast<int>(*got);
    }
    if (got.error().code == ErrorCode::would_block) {
      self.is_input_dry_ = true;
      BIO_set_retry_read(bio);
      return -1;
    }
    self.below_ = got.error();
    return got.error().system == 0 ? 0 : -1;
  }

  static int write(BIO* bio, const char* data, int size) {
    TlsTransport& self = owner(bio);
    BIO_clear_retry_flags(bio);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(data);
    std::size_t left = static_cast<std::size_t>(size);
    if (self.pending_.empty()) {
      const IoSlice slice{bytes, left};
      const auto sent = self.beneath().write({&slice, 1});
      if (!sent && sent.error().code != ErrorCode::would_block) {
        self.below_ = sent.error();
        return -1;
      }
      if (sent) {
        bytes += *sent;
        left -= *sent;
      }
    }
    if (self.pending_.size() + left > pending_bytes_max) {
      self.below_ = {.code = ErrorCode::limit_exceeded,
                     .detail = "the peer makes us answer and reads no answers"};
      return -1;
    }
    self.pending_.insert(self.pending_.end(), bytes, bytes + left);
    return size;
  }

  static long control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "sluice transport");
      SLUICE_ASSERT(method != nullptr);
      BIO_meth_set_read(method, read);
      BIO_meth_set_write(method, write);
      BIO_meth_set_ctrl(method, control);
      return method;
    }();
    return made;
  }
};

void TlsTransport::make(const TlsContext& context) {
  ssl_.reset(SSL_new(context.get()));
  SLUICE_ASSERT(ssl_ != nullptr);
  BIO* bio = BIO_new(Io::method());
  SLUICE_ASSERT(bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  set_psk_identity_place(ssl_.get(), &identity_);
}

TlsTransport::TlsTransport(const TlsContext& context, std::unique_ptr<Transport> beneath)
    : LayeredTransport(std::move(beneath)) {
  make(context);
  SSL_set_accept_state(ssl_.get());
}

TlsTransport::TlsTransport(const TlsContext& context, std::unique_ptr<Transport> beneath,
                           const std::string& host)
    : LayeredTransport(std::move(beneath)) {
  make(context);
  SSL_set_connect_state(ssl_.get());
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl_.get());
  const bool is_checked = tls_shared(context.get()).host_check == HostCheck::name_and_chain;
  if (is_checked && X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1) return;
  ERR_clear_error();
  if (host.empty()) return;
  SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
  if (!is_checked) return;
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size());
}

TlsTransport::~TlsTransport() {
  if (is_reset_ || phase_ != Phase::open || !pending_.empty()) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());  // best effort: says that nothing was cut off
  ERR_clear_error();
}

void TlsTransport::reset_on_close() {
  is_reset_ = true;
  LayeredTransport::reset_on_close();
}

Failure TlsTransport::failure(int result) {
  const int kind = SSL_get_error(ssl_.get(), result);
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
    ERR_clear_error();
    return fail(ErrorCode::would_block, "nothing has arrived");
  }
  if (kind == SSL_ERROR_ZERO_RETURN) {
    ERR_clear_error();
    return fail(ErrorCode::closed, "the peer closed the connection");
  }
  phase_ = Phase::broken;
  if (below_.code != ErrorCode::ok) {
    ERR_clear_error();
    return fail(below_);
  }
  return fail(ErrorCode::closed, tls_error_text());
}

// Nothing is reported as nothing on a guess: the end of the stream may stand behind the last bytes,
// and its event may have been told with them.
bool TlsTransport::should_ask_again() {
  if (!is_guess_) return false;
  is_input_dry_ = is_guess_ = false;
  return true;
}

Failure TlsTransport::end_of_handshake(int result) {
  const long verified = SSL_get_verify_result(ssl_.get());
  const Failure why = failure(result);
  static_cast<void>(flush());  // the alert that says why
  if (why.error().code == ErrorCode::would_block || why.error().code != ErrorCode::closed)
    return why;
  if (verified != X509_V_OK)
    return fail(ErrorCode::protocol_error, X509_verify_cert_error_string(verified));
  if (below_.code == ErrorCode::ok) return fail(ErrorCode::protocol_error, why.error().detail);
  return why;
}

Result<void> TlsTransport::handshake() {
  if (phase_ == Phase::broken) return fail(ErrorCode::closed, "the TLS handshake failed");
  if (phase_ != Phase::handshake) return {};
  ERR_clear_error();
  is_input_dry_ = is_guess_ = false;
  int result = SSL_do_handshake(ssl_.get());
  while (result != 1 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ &&
         should_ask_again())
    result = SSL_do_handshake(ssl_.get());
  if (result != 1) return end_of_handshake(result);
  phase_ = Phase::open;
  is_more_buffered_ = true;  // what came behind its last message
  return learn_identity();
}

Result<void> TlsTransport::learn_identity() {
  const TlsShared& shared = tls_shared(SSL_get_SSL_CTX(ssl_.get()));
  if (shared.identity == TlsIdentity::none || !identity_.empty()) return {};
  X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return {};
  identity_ = identity_of(certificate, shared.identity);
  if (!identity_.empty()) return {};
  phase_ = Phase::broken;
  return fail(ErrorCode::protocol_error, "the certificate has no name that can be taken");
}

std::string_view TlsTransport::identity() const {
  return identity_.empty() ? LayeredTransport::identity() : std::string_view(identity_);
}

std::string TlsTransport::security() const {
  std::string text =
      std::string(SSL_get_version(ssl_.get())) + ", " + SSL_get_cipher_name(ssl_.get());
  X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return text;
  text += ", certificate of " + common_name_of(X509_get_subject_name(certificate)) + " by " +
          common_name_of(X509_get_issuer_name(certificate));
  std::tm end{};
  std::array<char, 16> day{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1 &&
      std::strftime(day.data(), day.size(), "%Y-%m-%d", &end) > 0) {
    text += std::string(" until ") + day.data();
  }
  return text;
}

bool TlsTransport::is_resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

// Whole records until the buffer is full or the socket is empty, so that a read that returns less
// than it was asked for leaves nothing behind without an event.
Result<std::size_t> TlsTransport::read(MutableByteView into) {
  SLUICE_ASSERT(!into.empty());
  is_more_buffered_ = false;
  if (phase_ == Phase::handshake) {
    SLUICE_CHECK(handshake());
    is_more_buffered_ = false;
  }
  if (phase_ == Phase::broken) {
    return below_.code == ErrorCode::ok ? fail(ErrorCode::closed, "the TLS connection is broken")
                                        : fail(below_);
  }
  is_input_dry_ = is_guess_ = false;
  std::size_t total = 0;
  while (total < into.size()) {
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data() + total, into.size() - total, &got);
    if (result == 1) {
      total += got;
      continue;
    }
    if (total == 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ &&
        should_ask_again())
      continue;
    if (total == 0) return failure(result);
    // What ended it is found again by the next read.
    is_more_buffered_ = SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return total;
  }
  is_more_buffered_ = true;
  return total;
}

Result<std::size_t> TlsTransport::write_record(ByteView bytes) {
  ERR_clear_error();
  std::size_t sent = 0;
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
  if (result != 1) return failure(result);
  return sent;
}

Result<std::size_t> TlsTransport::write(std::span<const IoSlice> slices) {
  SLUICE_ASSERT(!slices.empty());
  if (phase_ == Phase::handshake) SLUICE_CHECK(handshake());
  if (phase_ != Phase::open) return fail(ErrorCode::closed, "the connection was shut for writing");
  SLUICE_CHECK(flush());
  std::array<std::uint8_t, record_bytes> record;
  std::size_t total = 0;
  std::size_t at = 0;      // the slice
  std::size_t within = 0;  // what of it is taken
  while (at < slices.size() && pending_.empty()) {
    std::size_t filled = 0;
    while (at < slices.size() && filled < record.size()) {
      const std::size_t size = std::min(slices[at].size - within, record.size() - filled);
      std::memcpy(record.data() + filled, slices[at].data + within, size);
      filled += size;
      within += size;
      if (within < slices[at].size) break;
      ++at;
      within = 0;
    }
    const auto sent = write_record(ByteView(record).first(filled));
    if (!sent) return sent;
    SLUICE_ASSERT(*sent == filled);
    total += filled;
  }
  return total;
}

Result<void> TlsTransport::flush() {
  if (pending_.empty()) return {};
  const IoSlice slice{pending_.data(), pending_.size()};
  const auto sent = beneath().write({&slice, 1});
  if (!sent) return fail(sent.error());
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(*sent));
  if (!pending_.empty()) return fail(ErrorCode::would_block, "the peer does not read");
  pending_.shrink_to_fit();
  return {};
}

void TlsTransport::shutdown_write() {
  if (phase_ == Phase::open) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    phase_ = Phase::write_shut;
  }
  static_cast<void>(flush());
  beneath().shutdown_write();
}

}  // namespace sluice::net
