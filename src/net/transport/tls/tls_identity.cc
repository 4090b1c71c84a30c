// SPDX-License-Identifier: Apache-2.0
#include "net/transport/tls/tls_shared.h"

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

namespace sluice::net {
namespace {

struct FreeName {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(unsigned char* text) const { OPENSSL_free(text); }
};

// A name in a certificate is chosen by its owner: what would be cut or shown as something else
// names nobody.
bool is_clean(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

std::string text_of(const ASN1_STRING* value) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, value);
  if (size < 0) return {};
  const std::unique_ptr<unsigned char, FreeName> owner(utf8);
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  return is_clean(text) ? text : std::string();
}

std::string common_name(const X509_NAME* subject) {
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

std::string distinguished_name(const X509_NAME* subject) {
  const std::unique_ptr<BIO, FreeName> bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), subject, 0, XN_FLAG_RFC2253) <= 0) return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size <= 0 ? std::string() : std::string(data, static_cast<std::size_t>(size));
}

std::string alternative_name(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, FreeName> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_EMAIL || name->type == GEN_DNS || name->type == GEN_URI)
      return text_of(name->d.ia5);
  }
  return {};
}

}  // namespace

std::string identity_of(X509* certificate, TlsIdentity kind) {
  switch (kind) {
    case TlsIdentity::common_name:
      return common_name(X509_get_subject_name(certificate));
    case TlsIdentity::distinguished_name:
      return distinguished_name(X509_get_subject_name(certificate));
    case TlsIdentity::alternative_name:
      return alternative_name(certificate);
    case TlsIdentity::none:
      break;
  }
  return {};
}

}  // namespace sluice::net
