// SPDX-License-Identifier: Apache-2.0
#include "server/doors/listener_options.h"

namespace sluice::server {
namespace {

constexpr OptionGroup groups[] = {
#define SLUICE_OPTIONS_AS_GROUPS
#include "server/doors/listener_options.def"
};

constexpr OptionRow rows[] = {
#define SLUICE_OPTIONS_AS_ROWS_OF ListenerOptions
#include "server/doors/listener_options.def"
};

}  // namespace

OptionTableOf<ListenerOptions> listener_option_table() { return {{groups, rows}}; }

}  // namespace sluice::server
