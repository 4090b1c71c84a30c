// SPDX-License-Identifier: Apache-2.0
//
// AdminOptions is what the operator may choose about the administration port: the rows of
// admin/options.def as a struct. A default-constructed one holds the defaults.
//
// Owner:   server/.    Thread: the control thread's.
#pragma once

#include "base/option_row.h"

namespace sluice::admin {

struct AdminOptions {
#define SLUICE_OPTIONS_AS_FIELDS
#include "admin/options.def"
};

/// The rows, for config/.
OptionTableOf<AdminOptions> admin_option_table();

}  // namespace sluice::admin
