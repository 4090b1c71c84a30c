// SPDX-License-Identifier: Apache-2.0
#include "core/shard/options.h"

namespace sluice::core {
namespace {

constexpr OptionGroup groups[] = {
#define SLUICE_OPTIONS_AS_GROUPS
#include "core/options.def"
};

constexpr OptionRow rows[] = {
#define SLUICE_OPTIONS_AS_ROWS_OF CoreOptions
#include "core/options.def"
};

}  // namespace

OptionTableOf<CoreOptions> core_option_table() { return {{groups, rows}}; }

}  // namespace sluice::core
