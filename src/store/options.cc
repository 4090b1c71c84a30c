// SPDX-License-Identifier: Apache-2.0
#include "store/options.h"

namespace sluice::store {
namespace {

constexpr OptionGroup groups[] = {
#define SLUICE_OPTIONS_AS_GROUPS
#include "store/options.def"
};

constexpr OptionRow rows[] = {
#define SLUICE_OPTIONS_AS_ROWS_OF StoreOptions
#include "store/options.def"
};

}  // namespace

OptionTableOf<StoreOptions> store_option_table() { return {{groups, rows}}; }

}  // namespace sluice::store
