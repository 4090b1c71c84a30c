// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::cli {

/// RFC 4648 §4, with padding.
std::string base64(ByteView bytes);
/// The bytes again; nothing if it is not exactly that.
std::optional<std::string> bytes_of_base64(std::string_view text);

}  // namespace sluice::cli
