// SPDX-License-Identifier: Apache-2.0
#include "core/shard/options.h"

namespace sluice::core {
namespace {

constexpr OptionGroup groups[] = {
#include "base/option_end.inc"
#include "base/option_groups.inc"
#include "core/options.def"
};

constexpr OptionRow rows[] = {
#define SLUICE_OPTIONS_STRUCT CoreOptions
#include "base/option_end.inc"
#include "base/option_table.inc"
#include "core/options.def"
};

}  // namespace

OptionTableOf<CoreOptions> core_option_table() { return {{groups, rows}}; }

}  // namespace sluice::core
