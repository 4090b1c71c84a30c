// SPDX-License-Identifier: Apache-2.0
#include "auth/rules/rule.h"

#include <algorithm>

namespace sluice::auth {

bool is_met(const Subject& subject, const core::Principal& principal, std::string_view client_id) {
  if (subject.is_anonymous && !principal.user.empty()) return false;
  if (!subject.user.empty() && subject.user != principal.user) return false;
  if (!subject.client.empty() && subject.client != client_id) return false;
  if (!subject.identity.empty() && subject.identity != principal.identity) return false;
  if (!subject.listener.empty() && subject.listener != principal.listener) return false;
  return subject.group.empty() ||
         std::ranges::find(principal.groups, subject.group) != principal.groups.end();
}

}  // namespace sluice::auth
