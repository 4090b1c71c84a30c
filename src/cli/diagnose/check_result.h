// SPDX-License-Identifier: Apache-2.0
//
// What a check of a broker found.
#pragma once

#include "cli/diagnose/probe_client.h"

#include <cstdint>
#include <string>

namespace sluice::cli {

enum class CheckState : std::uint8_t {
  kept,    ///< the broker does what the statement says
  broken,  ///< it does not
  absent,  ///< it says that it does not offer this
};

struct CheckResult {
  CheckState state = CheckState::kept;
  std::string note{};  ///< what came instead
};

inline CheckResult kept() { return {}; }
inline CheckResult broken(std::string note) { return {CheckState::broken, std::move(note)}; }
inline CheckResult absent(std::string note) { return {CheckState::absent, std::move(note)}; }
inline CheckResult not_connected(const ProbeClient& client) { return broken(client.problem()); }

/// "0x87", or "no answer" for what ProbeClient gives then.
inline std::string code_text(std::uint8_t code) {
  if (code == 0xFF) return "no answer";
  constexpr std::string_view digits = "0123456789ABCDEF";
  return {'0', 'x', digits[code >> 4], digits[code & 15U]};
}

}  // namespace sluice::cli
