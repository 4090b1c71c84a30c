// SPDX-License-Identifier: Apache-2.0
//
// Our own file of rules, a line each:
//
//   group operators ann bob
//   allow group operators all #
//   allow user dev-1 publish sensors/dev-1/# qos 1 retain no
//   allow everyone read public/#
//   allow everyone write devices/%c/#
//   deny  listener guests subscribe #
//
// allow|deny, whom, what, a topic filter, and what a publish or subscription may be like. Whom:
// everyone, anonymous, or one or more of user, group, client, identity and listener with a name,
// all of which must be so. What: publish (write), subscribe, receive, read (subscribe and receive),
// all. A filter with blanks, or a name, stands in double quotes. # in front begins a comment.
//
// Thread: any (pure).
#pragma once

#include "auth/problem.h"
#include "auth/rules/rule_set.h"

#include <expected>

namespace sluice::auth {

std::expected<RuleSource, Problems> parse_rules(std::string_view file, std::string_view text);

}  // namespace sluice::auth
