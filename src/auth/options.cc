// SPDX-License-Identifier: Apache-2.0
#include "auth/options.h"

namespace sluice::auth {
namespace {

constexpr OptionGroup groups[] = {
#define SLUICE_OPTIONS_AS_GROUPS
#include "auth/options.def"
};

constexpr OptionRow rows[] = {
#define SLUICE_OPTIONS_AS_ROWS_OF AuthOptions
#include "auth/options.def"
};

}  // namespace

OptionTableOf<AuthOptions> auth_option_table() { return {{groups, rows}}; }

}  // namespace sluice::auth
