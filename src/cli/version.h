// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice::cli {

/// "0.1.0", of the project.
const char* version_number();
/// "sluice 0.1.0".
const char* version_line();

}  // namespace sluice::cli
