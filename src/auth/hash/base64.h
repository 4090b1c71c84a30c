// SPDX-License-Identifier: Apache-2.0
//
// Base64 as hashes are written in: with or without the padding at the end.
//
// Thread: any (pure).       Spec: RFC 4648 §4.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

enum class Padding : std::uint8_t { with, without };

std::string to_base64(ByteView bytes, Padding padding = Padding::with);
/// parse_error if a character or the length is not allowed.
Result<std::vector<std::uint8_t>> from_base64(std::string_view text);
/// The same for the alphabet of URLs (RFC 4648 §5), without padding.
Result<std::vector<std::uint8_t>> from_base64url(std::string_view text);

}  // namespace sluice::auth
