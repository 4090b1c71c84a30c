// SPDX-License-Identifier: Apache-2.0
//
// Flapping notices client identifiers that connect all the time: two devices of one identifier that
// push each other out, or one that cannot stay. It says so once a window and, where the options say
// so, keeps the identifier out for a while.
//
// Owner:   Handshake.      Thread: its shard's.
// Limits:  flapping.entries_max; identifiers beyond it are not counted.
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
  /// Keeps it out from now on.
  void ban(std::uint64_t client, Instant until);
  bool is_banned(std::uint64_t client, Instant now) const;
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Instant window_ends{};
    Instant banned_until{};
    std::uint32_t connects = 0;
  };
  boost::unordered_flat_map<std::uint64_t, Entry> entries_;
};

}  // namespace sluice::core
