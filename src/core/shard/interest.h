// SPDX-License-Identifier: Apache-2.0
//
// Interest tells which other shards may have subscribers for a topic. A filter counts under the
// hash of its literal prefix (the levels before its first wildcard, at most three); a topic asks
// for its own prefixes of 0 to 3 levels. Other shards hear of a prefix when its first filter comes
// and when its last goes. A topic may ask a shard in vain, never miss one.
//
// Owner:   Shard.      Thread: its shard's.
// Limits:  64 shards; one entry of 16 bytes a prefix and direction.
// Spec:    none: between shards of one process.
#pragma once

#include "core/shard/context.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::core {

class Interest {
 public:
  static constexpr std::uint16_t shards_max = core::shards_max;

  explicit Interest(Context& context);

  /// Whether what a subscription gets must be kept: one of a session that began as durable.
  enum class Keeps : std::uint8_t { no, yes };
  /// A filter of ours came or went.
  void add(std::string_view filter, Keeps keeps);
  void remove(std::string_view filter, Keeps keeps);
  /// Bit n: shard n may have subscribers.
  std::uint64_t shards_for(std::string_view topic) const { return masks_of(topic, any_seed); }
  /// Bit n: shard n may have subscribers of durable sessions. REQUIRES: a log.
  std::uint64_t keeping_shards_for(std::string_view topic) const {
    return masks_of(topic, keeping_seed);
  }

  /// The number of the last change that was mailed; what was subscribed before it is known
  /// everywhere once confirmed.
  std::uint64_t sequence() const { return sequence_; }
  std::uint64_t next_sequence() { return ++sequence_; }
  bool is_confirmed(std::uint64_t sequence) const { return sequence <= confirmed_; }

  void on_changed(ShardIndex from, std::uint64_t key, bool is_interested);
  /// True if more is confirmed than before.
  bool on_confirmed(ShardIndex from, std::uint64_t sequence);

 private:
  // Two tables in one: what a key begins with says which it belongs to.
  static constexpr std::uint64_t any_seed = 0x9e3779b97f4a7c15U;
  static constexpr std::uint64_t keeping_seed = 0xd1b54a32d192ed03U;

  void add_key(std::uint64_t key);
  void remove_key(std::uint64_t key);
  std::uint64_t masks_of(std::string_view topic, std::uint64_t seed) const;
  void tell(std::uint64_t key, bool is_interested);

  Context& c_;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> own_;     // filters of ours
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> others_;  // masks of shards
  std::vector<std::uint64_t> confirmed_by_;
  std::uint64_t sequence_ = 0;
  std::uint64_t confirmed_ = 0;
};

}  // namespace sluice::core
