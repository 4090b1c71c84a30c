// SPDX-License-Identifier: Apache-2.0
//
// AuthOptions is what the operator may choose about authentication and access control: the rows of
// auth/options.def as a struct. A default-constructed one holds the defaults.
//
// Owner:   the composition root.    Thread: read-only; a reload makes another.
#pragma once

#include "base/option_row.h"

namespace sluice::auth {

struct AuthOptions {
#define SLUICE_OPTIONS_AS_FIELDS
#include "auth/options.def"
};

/// The rows, for config/.
OptionTableOf<AuthOptions> auth_option_table();

}  // namespace sluice::auth
