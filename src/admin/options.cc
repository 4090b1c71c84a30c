// SPDX-License-Identifier: Apache-2.0
#include "admin/options.h"

namespace sluice::admin {
namespace {

constexpr OptionGroup groups[] = {
#include "admin/options.def"
#include "base/option_end.inc"
#include "base/option_groups.inc"
};

constexpr OptionRow rows[] = {
#define SLUICE_OPTIONS_STRUCT AdminOptions
#include "admin/options.def"
#include "base/option_end.inc"
#include "base/option_table.inc"
};

}  // namespace

OptionTableOf<AdminOptions> admin_option_table() { return {{groups, rows}}; }

}  // namespace sluice::admin
