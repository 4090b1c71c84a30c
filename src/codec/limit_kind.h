// SPDX-License-Identifier: Apache-2.0
//
// LimitKind says which of the DecodeLimits a decoder's error is about, so that a server can count
// each of its limits by itself.
//
// Thread: any (pure).
#pragma once

#include "base/result.h"

#include <cstdint>

namespace sluice::codec {

enum class LimitKind : std::uint8_t {
  none,  ///< the error is about something else
  topic_bytes,
  topic_levels,
  user_properties,
  filters,
  client_id_bytes,
};

LimitKind limit_kind(const Error& error) noexcept;

/// The texts of these errors; their addresses tell them apart.
namespace limit_text {
inline constexpr char topic_bytes[] = "topic is longer than the limit";
inline constexpr char topic_levels[] = "topic has more levels than the limit";
inline constexpr char user_properties[] = "the packet has more user properties than the limit";
inline constexpr char filters[] = "the packet holds more topic filters than the limit";
inline constexpr char client_id_bytes[] = "the client identifier is longer than the limit";
}  // namespace limit_text

}  // namespace sluice::codec
