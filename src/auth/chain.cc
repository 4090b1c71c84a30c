// SPDX-License-Identifier: Apache-2.0
#include "auth/chain.h"

#include <algorithm>

namespace sluice::auth {

using codec::ReasonCode;

std::size_t Chain::find(const core::AuthRequest& request, std::size_t from) const {
  for (std::size_t i = from; i < backends_.size(); ++i)
    if (backends_[i]->has_method(request.method)) return i;
  return backends_.size();
}

bool Chain::is_still_known(const core::Principal& principal) const {
  return std::ranges::any_of(backends_, [&](const std::unique_ptr<Backend>& backend) {
    return backend->name() == principal.backend && backend->is_still_known(principal);
  });
}

core::AuthAnswer answer_of(Verdict verdict) {
  core::AuthAnswer answer;
  answer.reason = std::move(verdict.reason);
  answer.principal = std::move(verdict.principal);
  answer.data = std::move(verdict.data);
  answer.exchange = std::move(verdict.exchange);
  switch (verdict.kind) {
    case Verdict::Kind::accepted:
      answer.code = ReasonCode::success;
      break;
    case Verdict::Kind::refused:
    case Verdict::Kind::unknown:
      answer.code = ReasonCode::bad_user_name_or_password;
      break;
    case Verdict::Kind::unavailable:
      answer.code = ReasonCode::server_unavailable;
      break;
    case Verdict::Kind::go_on:
      answer.code = ReasonCode::continue_authentication;
      break;
  }
  return answer;
}

core::AuthAnswer answer_to_unknown(const core::AuthRequest& request, std::string reason) {
  core::AuthAnswer answer;
  answer.reason = std::move(reason);
  const bool is_method =
      !request.method.empty() && request.step == core::AuthRequest::Step::connect;
  answer.code =
      is_method ? ReasonCode::bad_authentication_method : ReasonCode::bad_user_name_or_password;
  return answer;
}

}  // namespace sluice::auth
