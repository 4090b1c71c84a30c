// SPDX-License-Identifier: Apache-2.0
//
// mosquitto's ACL file as rules. `topic` lines in front of the first `user` are for anonymous
// clients, those behind one for that user, `pattern` lines for everybody. What may be read may be
// subscribed to by any filter that could bring it, as in mosquitto.
//
// Thread: any (pure).       Spec: mosquitto.conf(5), acl_file.
#pragma once

#include "auth/problem.h"
#include "auth/rules/rule_set.h"

#include <expected>

namespace sluice::auth {

std::expected<RuleSource, Problems> parse_mosquitto_acl(std::string_view file,
                                                        std::string_view text);

}  // namespace sluice::auth
