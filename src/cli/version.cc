// SPDX-License-Identifier: Apache-2.0
#include "cli/version.h"

namespace sluice::cli {

const char* version_number() { return SLUICE_VERSION; }
const char* version_line() { return "sluice " SLUICE_VERSION; }

}  // namespace sluice::cli
