// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"

#include <string>

namespace sluice::cli {

/// RFC 4648 §4, with padding.
std::string base64(ByteView bytes);

}  // namespace sluice::cli
