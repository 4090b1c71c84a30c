// SPDX-License-Identifier: Apache-2.0
#include "core/access/guard.h"

#include "base/assert.h"

namespace sluice::core {

std::unique_ptr<SessionAccess> Guard::access_of(Principal principal,
                                                std::string_view client_id) const {
  if (is_open() && principal == Principal{}) return nullptr;
  auto access = std::make_unique<SessionAccess>();
  access->principal = std::move(principal);
  access->generation = c_.access.generation;
  if (!is_open()) access->permit = c_.access.rules->permit(access->principal, client_id);
  return access;
}

const Permit& Guard::renew(Session& session) const {
  SLUICE_ASSERT(!is_open());
  Principal principal;
  if (session.access != nullptr) principal = std::move(session.access->principal);
  session.access = access_of(std::move(principal), session.client_id());
  return *session.access->permit;
}

}  // namespace sluice::core
