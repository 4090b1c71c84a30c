// SPDX-License-Identifier: Apache-2.0
#include "cli/mqtt/failure_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include <cerrno>
#include <string>

namespace sluice::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string text_of(int number) {
  client::Endpoint there;
  there.host = "192.0.2.7";
  there.port = 1883;
  Error error{.code = ErrorCode::refused};
  error.system = number;
  return unreachable_text(there, error);
}

TEST(FailureText, NobodyThereAndNoWayToGetThereAreToldApart) {
  EXPECT_THAT(text_of(ECONNREFUSED), HasSubstr("nothing listens on 192.0.2.7:1883"));
  EXPECT_THAT(text_of(ENETUNREACH),
              AllOf(HasSubstr("no network leads to 192.0.2.7:1883 (Network is unreachable)"),
                    Not(HasSubstr("nothing listens"))));
  EXPECT_THAT(text_of(EHOSTUNREACH), HasSubstr("(No route to host)"));
}

std::string text_of(const char* certificate) {
  client::Endpoint there;
  there.scheme = net::Scheme::tls;
  there.host = "broker.example";
  there.port = 8883;
  Error error{.code = ErrorCode::protocol_error};
  error.detail = certificate;
  return unreachable_text(there, error);
}

TEST(FailureText, CertificatesThatAreNotTrustedComeWithARemedy) {
  const auto text = [](long number) { return text_of(::X509_verify_cert_error_string(number)); };
  EXPECT_THAT(text(X509_V_ERR_HOSTNAME_MISMATCH), HasSubstr("; connect by a name"));
  EXPECT_THAT(text(X509_V_ERR_IP_ADDRESS_MISMATCH), HasSubstr("; connect by a name"));
  for (const long number :
       {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
        X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE}) {
    EXPECT_THAT(text(number), HasSubstr("--cafile"));
  }
  EXPECT_THAT(text(X509_V_ERR_CERT_HAS_EXPIRED), HasSubstr("a new certificate"));
  EXPECT_THAT(text(X509_V_ERR_CERT_NOT_YET_VALID), HasSubstr("the clock"));
}

}  // namespace
}  // namespace sluice::cli
