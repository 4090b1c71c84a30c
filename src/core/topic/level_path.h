// SPDX-License-Identifier: Apache-2.0
//
// A LevelPath is a topic name or filter cut into its levels, each hashed once under the shard's
// key. Hashes of runs of levels are folded from those of the levels. The hash is a
// multiply-and-fold one (after wyhash): quick, and since the key is secret nobody can aim for a
// place in a table. Every answer of a table is compared with the text, so that a collision costs
// time, never truth.
//
// Owner: RunTree. Thread: its shard's. Never: allocation once as many levels have been seen.
#pragma once

#include "base/siphash.h"
#include "core/topic/topic_nodes.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::core::topic {

/// 128-bit product folded to 64 bits.
inline std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t hash_text(const HashKey& key, std::string_view text);

class LevelPath {
 public:
  explicit LevelPath(const HashKey& key) : key_(key) { levels_.reserve(levels_at_birth); }

  /// The views of the path are into `text`, which the caller keeps.
  void assign(std::string_view text);

  std::uint32_t size() const { return static_cast<std::uint32_t>(levels_.size()); }
  std::size_t bytes() const { return levels_.capacity() * sizeof(Level); }
  std::string_view level(std::uint32_t i) const { return levels(i, 1); }
  /// The text of `count` levels from `from` on, with the slashes between them.
  std::string_view levels(std::uint32_t from, std::uint32_t count) const {
    if (count == 0) return {};
    const std::uint32_t begin = levels_[from].begin;
    return text_.substr(begin, levels_[from + count - 1].end - begin);
  }

  std::uint64_t hash(std::string_view text) const { return hash_text(key_, text); }

  /// The hash of the empty run that begins in a branch, and of a run longer by level i.
  std::uint64_t run_hash(std::uint32_t branch) const {
    return multiply_fold(branch ^ key_.k0, key_.k1 | 1U);
  }
  std::uint64_t extend(std::uint64_t run, std::uint32_t i) const {
    return multiply_fold(run ^ levels_[i].hash, key_.k0 | 1U);
  }
  /// Where the run with this end stands in the index.
  std::uint32_t place(std::uint64_t run, Shape shape) const {
    const std::uint64_t hash = multiply_fold(run ^ shape.byte, key_.k1 ^ golden);
    return static_cast<std::uint32_t>(hash ^ hash >> 32);
  }

 private:
  static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15U;
  static constexpr std::size_t levels_at_birth = 128;

  struct Level {
    std::uint64_t hash;
    std::uint32_t begin;
    std::uint32_t end;
  };

  HashKey key_;
  std::string_view text_;
  std::vector<Level> levels_;
};

}  // namespace sluice::core::topic
