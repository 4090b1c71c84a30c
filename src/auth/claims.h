// SPDX-License-Identifier: Apache-2.0
//
// Claims are what a JSON object says of a client, of a token or of a service's answer: its user
// name, its groups, what it may do.
//
// Thread: any (pure).
#pragma once

#include "core/access/principal.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace sluice::auth::claims {

/// Empty if it is not there, or is no text.
std::string text_at(const nlohmann::json& object, const std::string& name);
/// One text, or a list of them; else nothing.
std::vector<std::string> texts_at(const nlohmann::json& object, const std::string& name);
/// Whole seconds, bounded so that sums of them do not overflow.
std::optional<std::int64_t> seconds_at(const nlohmann::json& object, const std::string& name);

/// Which names mean what.
struct Names {
  std::string user{};
  std::string groups{};
};
/// User, groups, and the rules of "acl": {"pub": […], "sub": […], "all": […]} with topic filters.
/// In words what is wrong if the rules cannot be read.
std::expected<core::Principal, std::string> principal_of(const nlohmann::json& object,
                                                         const Names& names);

}  // namespace sluice::auth::claims
