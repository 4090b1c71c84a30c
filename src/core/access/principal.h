// SPDX-License-Identifier: Apache-2.0
//
// A Principal is who a client is, as authentication has found: what access rules speak of, beside
// its client identifier.
//
// Owner:   the session it belongs to (a value).      Thread: its shard's.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::core {

struct Principal {
  std::string user{};  ///< empty: anonymous
  std::vector<std::string> groups{};
  std::string identity{};  ///< of its certificate, empty if it has shown none
  std::string listener{};  ///< the name of the listener it came by
  std::string rules{};     ///< rules of its own, in the words of whoever vouched for it
  /// Which credential it has shown: another number once the operator has changed it. 0: none that
  /// could be changed.
  std::uint64_t credential = 0;
  std::string backend{};                   ///< which has vouched for it; empty: none was asked
  Instant valid_until = Instant::never();  ///< then it must authenticate again or leave

  bool is_anonymous() const { return user.empty() && identity.empty(); }
  bool operator==(const Principal&) const = default;
};

}  // namespace sluice::core
