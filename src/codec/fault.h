// SPDX-License-Identifier: Apache-2.0
//
// Makes the errors of the codec: each with the reason code that answers it in MQTT 5.0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "codec/reason_code.h"

namespace sluice::codec {

inline Error fault(ErrorCode code, ReasonCode reason, std::size_t offset, const char* detail) {
  return {.code = code,
          .reason = static_cast<std::uint8_t>(reason),
          .offset = static_cast<std::uint32_t>(offset),
          .detail = detail};
}
inline Error malformed(std::size_t offset, const char* detail) {
  return fault(ErrorCode::malformed_packet, ReasonCode::malformed_packet, offset, detail);
}
inline Error protocol_fault(std::size_t offset, const char* detail) {
  return fault(ErrorCode::protocol_error, ReasonCode::protocol_error, offset, detail);
}
inline Error limit_fault(ReasonCode reason, std::size_t offset, const char* detail) {
  return fault(ErrorCode::limit_exceeded, reason, offset, detail);
}
/// The same error, its offset counted from a place `by` bytes earlier.
inline Error shifted(Error error, std::size_t by) {
  error.offset += static_cast<std::uint32_t>(by);
  return error;
}

}  // namespace sluice::codec
