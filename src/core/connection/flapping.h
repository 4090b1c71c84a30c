// SPDX-License-Identifier: Apache-2.0
//
// Flapping notices client identifiers that connect all the time: two devices of one identifier that
// push each other out, or one that cannot stay. It says so once a window and, where the options say
// so, keeps the identifier out for a while. All identifiers have the same windows, the first of
// which begins with somebody's connection; what was counted is forgotten with its window.
//
// Owner:   Handshake.      Thread: its shard's.
// Limits:  flapping.entries_max; identifiers beyond it are not counted, nor kept out. About 14
//          bytes each. Of a hash 32 bits are kept: two of 16,384 identifiers are counted as one by
//          a chance of 3 %.
#pragma once

#include "base/time.h"
#include "core/shard/options.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>

namespace sluice::core {

class Flapping {
 public:
  enum class Verdict : std::uint8_t { calm, flaps };

  /// A client of that identifier (its hash) was let in. flaps: once in a window, at the limit.
  Verdict on_connect(std::uint64_t client, const CoreOptions::Flapping& options, Instant now);
  /// Keeps it out for flapping.ban_time; false if as many are kept out as may be.
  bool ban(std::uint64_t client, const CoreOptions::Flapping& options, Instant now);
  bool is_banned(std::uint64_t client, Instant now) const;
  bool has_bans() const { return !banned_until_.empty(); }
  /// Identifiers that are counted in this window.
  std::size_t size() const { return connects_.size(); }

 private:
  using Connects = boost::unordered_flat_map<std::uint32_t, std::uint32_t>;

  Instant window_ends_{};
  Connects connects_;
  boost::unordered_flat_map<std::uint64_t, Instant> banned_until_;
};

}  // namespace sluice::core
