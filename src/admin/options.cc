// SPDX-License-Identifier: Apache-2.0
#include "admin/options.h"

namespace sluice::admin {
namespace {

constexpr OptionGroup groups[] = {
#define SLUICE_OPTIONS_AS_GROUPS
#include "admin/options.def"
};

constexpr OptionRow rows[] = {
#define SLUICE_OPTIONS_AS_ROWS_OF AdminOptions
#include "admin/options.def"
};

}  // namespace

OptionTableOf<AdminOptions> admin_option_table() { return {{groups, rows}}; }

}  // namespace sluice::admin
