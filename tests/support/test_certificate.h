// SPDX-License-Identifier: Apache-2.0
//
// A certificate that signs itself, with its key, in files that last as long as this object.
#pragma once

#include <string>

namespace sluice::test {

class TestCertificate {
 public:
  explicit TestCertificate(const std::string& host);
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;
  ~TestCertificate();

  std::string certificate_file() const { return folder_ + "/certificate.pem"; }
  std::string key_file() const { return folder_ + "/key.pem"; }

 private:
  std::string folder_;
};

}  // namespace sluice::test
