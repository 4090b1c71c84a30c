// SPDX-License-Identifier: Apache-2.0
//
// The rules of MQTT for UTF-8 texts: well formed, no surrogates, no U+0000, at most 65,535 bytes. A
// byte order mark is a character like others. ASCII is checked sixteen bytes at a time.
//
// Spec:    MQTT 5.0 §1.5.4, MQTT 3.1.1 §1.5.3.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string_view>

namespace sluice::codec {

/// The offset of the first byte of the first character that a text of MQTT may not have, or
/// text.size() if there is none.
std::size_t find_invalid_utf8(std::string_view text) noexcept;
inline bool is_valid_utf8(std::string_view text) noexcept {
  return find_invalid_utf8(text) == text.size();
}
/// malformed_packet (0x81) with the offset of the first character that is not allowed.
Result<void> check_utf8(std::string_view text);

}  // namespace sluice::codec
