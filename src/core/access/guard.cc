// SPDX-License-Identifier: Apache-2.0
#include "core/access/guard.h"

#include "base/assert.h"

namespace sluice::core {

std::unique_ptr<SessionAccess> Guard::access_of(Principal principal,
                                                std::string_view client_id) const {
  // Nothing that anybody will ask for: the listener is known by its connection.
  const bool is_nobody =
      principal.is_anonymous() && principal.rules.empty() && principal.valid_until.is_never();
  if (is_open() && is_nobody) return nullptr;
  auto access = std::make_unique<SessionAccess>();
  access->principal = std::move(principal);
  access->generation = c_.access.generation;
  if (!is_open()) access->permit = c_.access.rules->permit(access->principal, client_id);
  return access;
}

const Permit& Guard::renew(Session& session) const {
  SLUICE_ASSERT(!is_open());
  Principal principal;
  if (session.access != nullptr)
    principal = std::move(session.access->principal);
  else if (const Connection* connection = c_.connections.find(session.conn))
    principal.listener = c_.access.entrance(connection->entrance).name;
  session.access = access_of(std::move(principal), session.client_id());
  return *session.access->permit;
}

}  // namespace sluice::core
