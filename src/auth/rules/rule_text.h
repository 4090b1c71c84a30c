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
//   quota group operators connections 500 subscriptions 10000
//
// allow|deny, whom, what, a topic filter, and what a publish or subscription may be like. Whom:
// everyone, anonymous, or one or more of user, group, client, identity and listener with a name,
// all of which must be so. What: publish (write), subscribe, receive, read (subscribe and receive),
// all. A quota is of connections, subscriptions, queue_bytes or retained_messages: what all clients
// of one user may have together; of several lines the first that speaks of it counts. A filter with
// blanks, or a name, stands in double quotes. # in front begins a comment.
//
// Thread: any (pure).
#pragma once

#include "auth/problem.h"
#include "auth/rules/rule_set.h"

#include <expected>

namespace sluice::auth {

std::expected<RuleSource, Problems> parse_rules(std::string_view file, std::string_view text);

}  // namespace sluice::auth
