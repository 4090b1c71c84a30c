// SPDX-License-Identifier: Apache-2.0
//
// StoreOptions is what the operator may choose about the log on disk: the rows of store/options.def
// as a struct. A default-constructed one holds the defaults.
//
// Owner:   the composition root.    Thread: read-only once the shards run.
#pragma once

#include "base/option_row.h"

namespace sluice::store {

struct StoreOptions {
#define SLUICE_OPTIONS_AS_FIELDS
#include "store/options.def"
};

/// The rows, for config/.
OptionTableOf<StoreOptions> store_option_table();

}  // namespace sluice::store
