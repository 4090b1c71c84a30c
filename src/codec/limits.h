// SPDX-License-Identifier: Apache-2.0
//
// DecodeLimits is what a receiver is willing to parse. The defaults are the protocol's own maxima,
// so that a default object refuses nothing that the standard allows; a broker sets them from its
// options.
#pragma once

#include <cstdint>
#include <limits>

namespace sluice::codec {

/// The largest Remaining Length that four bytes can say.
inline constexpr std::uint32_t remaining_length_max = 268'435'455;
/// The largest text or binary field: its length stands in two bytes.
inline constexpr std::uint32_t field_bytes_max = 65'535;

/// A topic name or filter beyond these is refused with 0x90 or 0x8F.
struct TopicLimits {
  std::uint32_t bytes_max = field_bytes_max;
  std::uint32_t levels_max = field_bytes_max + 1;
};

struct DecodeLimits {
  /// The whole packet, its fixed header included; beyond it 0x95.
  std::uint32_t packet_bytes_max = remaining_length_max + 5;
  std::uint32_t topic_levels_max = field_bytes_max + 1;
  std::uint32_t topic_bytes_max = field_bytes_max;
  /// User Properties of one packet (a will counts by itself); beyond it 0x97.
  std::uint32_t user_properties_max = std::numeric_limits<std::uint32_t>::max();
  /// Filters of one SUBSCRIBE or UNSUBSCRIBE; beyond it 0x97.
  std::uint32_t filters_max = std::numeric_limits<std::uint32_t>::max();
  /// Beyond it 0x85.
  std::uint32_t client_id_bytes_max = field_bytes_max;

  constexpr TopicLimits topic() const {
    return {.bytes_max = topic_bytes_max, .levels_max = topic_levels_max};
  }
};

}  // namespace sluice::codec
