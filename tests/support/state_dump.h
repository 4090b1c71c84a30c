// SPDX-License-Identifier: Apache-2.0
//
// What a State holds, as text in one order only: two states are the same if their dumps are.
#pragma once

#include "core/state/chunk_store.h"
#include "core/state/record_writer.h"
#include "core/state/state.h"

#include <string>

namespace sluice::testing {

/// `chunks`: where deliveries are that are not in memory.
std::string dump(const core::State& state, core::ChunkStore* chunks = nullptr,
                 const core::LogClock& clock = {});

}  // namespace sluice::testing
