// SPDX-License-Identifier: Apache-2.0
//
// Finds what a mistyped name was probably meant to be.
//
// Thread: any (pure).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sluice::config {

/// Letters to insert, remove, change or swap with their neighbour to make one name of the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The nearest of `names`, or nothing if even that one differs in more than a third of its letters.
std::string nearest_name(std::string_view name, std::span<const std::string> names);

}  // namespace sluice::config
