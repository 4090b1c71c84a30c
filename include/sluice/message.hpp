// SPDX-License-Identifier: Apache-2.0
//
// A message as it came.
//
//   while (auto m = (co_await temps.next()).value())
//     store(m->topic, m->payload, m->retain);
//
// Thread safety: a value. Lifetime: none to mind; it owns its bytes.
#pragma once

#include <sluice/types.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice {
SLUICE_NAMESPACE {
/// A message as it came.
struct message {
  std::string topic{};                           ///< where it was published
  std::string payload{};                         ///< its bytes
  v1::qos qos = v1::qos::at_most_once;           ///< of this delivery
  bool retain = false;                           ///< it was stored by the server
  bool duplicate = false;                        ///< it may have come before
  bool is_text = false;                          ///< its publisher says that it is UTF-8
  std::optional<std::chrono::seconds> expiry{};  ///< what is left of its life
  std::string content_type{};                    ///< e.g. "application/json"
  std::string response_topic{};                  ///< where an answer is wanted
  std::string correlation_data{};                ///< what the answer is to repeat
  v1::user_properties user_properties{};         ///< its publisher's own
  std::uint64_t delivery = 0;                    ///< for subscription::acknowledge()

  /// The payload as text.
  std::string_view text() const noexcept { return payload; }
  /// The payload as bytes.
  std::span<const std::byte> bytes() const noexcept {
    return std::as_bytes(std::span(payload.data(), payload.size()));
  }
};

}  // namespace v1
}  // namespace sluice
