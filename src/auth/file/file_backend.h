// SPDX-License-Identifier: Apache-2.0
//
// FileBackend knows the users of a password file. A wrong password and a user that does not exist
// take the same time and get the same answer, by password as by SCRAM.
//
// Owner:   the Chain.      Thread: any.
// Limits:  one hash a call; server/ bounds the calls.
#pragma once

#include "auth/backend.h"
#include "auth/file/password_file.h"
#include "auth/file/scram_exchange.h"

#include <optional>

namespace sluice::auth {

class FileBackend final : public Backend {
 public:
  /// `secret`: fresh entropy, for the salts of users that do not exist.
  FileBackend(PasswordFile file, ByteView secret);

  std::string_view name() const override { return "file"; }
  CheckCost cost() const override { return CheckCost::processor; }
  bool has_method(std::string_view method) const override;
  Verdict check(core::AuthRequest& request) const override;
  bool is_still_known(const core::Principal& principal) const override;

 private:
  Verdict check_password(const core::AuthRequest& request) const;
  Verdict check_scram(core::AuthRequest& request) const;
  ScramKeys keys_of(const std::string& user, DigestKind by) const;
  core::Principal principal_of(const std::string& user) const;
  std::uint64_t credential_of(const PasswordFile::User& user) const;

  PasswordFile file_;
  std::vector<std::uint8_t> secret_;
  PasswordHash stand_in_;  // of nobody: as costly as those of the file
};

}  // namespace sluice::auth
