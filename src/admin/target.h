// SPDX-License-Identifier: Apache-2.0
//
// The parts of a request target and of a Host field.
//
// Thread: any (pure).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::admin {

/// %41 is A; nothing if a % is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text);

/// "a=1&b" as pairs, decoded; + is a space.
std::optional<std::vector<std::pair<std::string, std::string>>> query_pairs(std::string_view query);

/// The Host field without its port and without brackets.
std::string_view host_name(std::string_view host);

/// Whether it is an IPv4 or IPv6 address and no name.
bool is_address(std::string_view host_name);

}  // namespace sluice::admin
