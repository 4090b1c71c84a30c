// SPDX-License-Identifier: Apache-2.0
//
// HttpBackend asks a web service about each client: it posts what the client has shown, as JSON,
// and the answer says who that is. 200 accepts, 204 and 404 do not know the client, 401 and 403
// refuse; anything else, and no answer in time, means that nobody can tell.
//
// Owner:   the Chain.      Thread: any; it waits for the service.
// Limits:  auth_http.timeout; an answer of 64 KiB.
#pragma once

#include "auth/backend.h"
#include "auth/options.h"

namespace sluice::auth {

class HttpBackend final : public Backend {
 public:
  HttpBackend(const AuthOptions::AuthHttp& options, std::string secret)
      : options_(options), secret_(std::move(secret)) {}

  std::string_view name() const override { return "http"; }
  CheckCost cost() const override { return CheckCost::network; }
  Verdict check(core::AuthRequest& request) const override;

 private:
  const AuthOptions::AuthHttp options_;
  const std::string secret_;  // that the service knows us by
};

}  // namespace sluice::auth
