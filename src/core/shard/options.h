// SPDX-License-Identifier: Apache-2.0
//
// CoreOptions is what the operator may choose about the broker's state machine: the rows of
// core/options.def as a struct, `options.mqtt.receive_maximum`. A default-constructed one holds the
// defaults.
//
// Owner:   server/, which hands it in by reference.    Thread: a shard reads its own copy.
#pragma once

#include "base/option_row.h"

namespace sluice::core {

struct CoreOptions {
#define SLUICE_OPTIONS_AS_FIELDS
#include "core/options.def"
};

/// The rows, for config/.
OptionTableOf<CoreOptions> core_option_table();

}  // namespace sluice::core
