// SPDX-License-Identifier: Apache-2.0
//
// What a State holds, as text in one order only: two states are the same if their dumps are.
#pragma once

#include "core/state/state.h"

#include <string>

namespace sluice::testing {

std::string dump(const core::State& state);

}  // namespace sluice::testing
