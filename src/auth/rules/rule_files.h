// SPDX-License-Identifier: Apache-2.0
//
// The rules that the options name, read from their files and compiled.
//
// Thread: any; reads files.
#pragma once

#include "auth/options.h"
#include "auth/problem.h"
#include "auth/rules/rule_set.h"

#include <expected>
#include <memory>

namespace sluice::auth {

/// Null if the options name no file; or all that is wrong with those that they name.
std::expected<std::unique_ptr<const RuleSet>, Problems> load_rules(const AuthOptions& options);

}  // namespace sluice::auth
