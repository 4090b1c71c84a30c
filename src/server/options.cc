// SPDX-License-Identifier: Apache-2.0
#include "server/options.h"

namespace sluice::server {
namespace {

constexpr OptionGroup groups[] = {
#define SLUICE_OPTIONS_AS_GROUPS
#include "server/options.def"
};

constexpr OptionRow rows[] = {
#define SLUICE_OPTIONS_AS_ROWS_OF ServerOptions
#include "server/options.def"
};

}  // namespace

OptionTableOf<ServerOptions> server_option_table() { return {{groups, rows}}; }

}  // namespace sluice::server
