// SPDX-License-Identifier: Apache-2.0
//
// Whether a text may be the topic filter of a rule.
//
// Thread: any (pure).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::auth {

/// What is wrong, in words for the operator; nothing if it is good.
std::optional<std::string> what_is_wrong_with(std::string_view filter);

}  // namespace sluice::auth
