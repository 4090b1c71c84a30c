// SPDX-License-Identifier: Apache-2.0
#include "server/options.h"

namespace sluice::server {
namespace {

constexpr OptionGroup groups[] = {
#include "base/option_end.inc"
#include "base/option_groups.inc"
#include "server/options.def"
};

constexpr OptionRow rows[] = {
#define SLUICE_OPTIONS_STRUCT ServerOptions
#include "base/option_end.inc"
#include "base/option_table.inc"
#include "server/options.def"
};

}  // namespace

OptionTableOf<ServerOptions> server_option_table() { return {{groups, rows}}; }

}  // namespace sluice::server
