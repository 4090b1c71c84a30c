// SPDX-License-Identifier: Apache-2.0
//
// ServerOptions is what the operator may choose about the process: the rows of server/options.def
// as a struct. A default-constructed one holds the defaults.
//
// Owner:   the composition root.    Thread: read-only once the shards run, but for reloads.
#pragma once

#include "base/option_row.h"

namespace sluice::server {

struct ServerOptions {
#define SLUICE_OPTIONS_AS_FIELDS
#include "server/options.def"
};

/// The rows, for config/.
OptionTableOf<ServerOptions> server_option_table();

}  // namespace sluice::server
