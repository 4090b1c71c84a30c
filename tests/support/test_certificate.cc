// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_certificate.h"

#include "base/assert.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace sluice::test {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

TestCertificate::TestCertificate(const std::string& host) {
  folder_ = std::filesystem::temp_directory_path().string() + "/sluice-test-XXXXXX";
  SLUICE_ASSERT(::mkdtemp(folder_.data()) != nullptr);
  const std::unique_ptr<EVP_PKEY, Free> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const std::unique_ptr<X509, Free> made(X509_new());
  SLUICE_ASSERT(key && made);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 86400);
  X509_set_pubkey(made.get(), key.get());
  X509_NAME* name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(host.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), name);
  const std::string names = "DNS:" + host + ",IP:127.0.0.1";
  const std::unique_ptr<X509_EXTENSION, Free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str()));
  SLUICE_ASSERT(extension && X509_add_ext(made.get(), extension.get(), -1) == 1);
  SLUICE_ASSERT(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);
  const std::unique_ptr<std::FILE, Free> certificate(std::fopen(certificate_file().c_str(), "w"));
  const std::unique_ptr<std::FILE, Free> secret(std::fopen(key_file().c_str(), "w"));
  SLUICE_ASSERT(certificate && secret);
  SLUICE_ASSERT(PEM_write_X509(certificate.get(), made.get()) == 1);
  SLUICE_ASSERT(
      PEM_write_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
}

TestCertificate::~TestCertificate() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace sluice::test
