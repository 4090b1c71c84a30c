// SPDX-License-Identifier: Apache-2.0
//
// A ChunkStore in memory, which forgets nothing: what a log names is there, wherever replay begins.
//
// Owner:   a test.      Thread: one.
#pragma once

#include "core/state/chunk_store.h"

#include <map>
#include <set>

namespace sluice::testing {

class MemoryChunks final : public core::ChunkStore {
 public:
  Result<std::uint32_t> write(core::ChunkId id, ByteView bytes) override {
    if (is_full) return fail(ErrorCode::no_space, "no room for a chunk");
    chunks_[id] = {bytes.begin(), bytes.end()};
    return static_cast<std::uint32_t>(bytes.size());
  }
  Result<std::vector<std::uint8_t>> read(core::ChunkId id, std::uint32_t checksum) override {
    const auto found = chunks_.find(id);
    if (found == chunks_.end()) return fail(ErrorCode::not_found, "no such chunk");
    if (checksum != found->second.size()) return fail(ErrorCode::parse_error, "another chunk");
    return found->second;
  }
  void keep(core::ChunkId id) override { kept.insert(id); }
  void release(core::ChunkId id) override { released.insert(id); }
  core::ChunkId last() const override {
    return chunks_.empty() ? core::ChunkId{0} : chunks_.rbegin()->first;
  }

  std::size_t size() const { return chunks_.size(); }
  /// A bit of each chunk is another.
  void damage() {
    for (auto& [id, bytes] : chunks_) bytes[bytes.size() / 2] ^= 0x10;
  }
  void clear() { chunks_.clear(); }

  bool is_full = false;
  std::set<core::ChunkId> kept;
  std::set<core::ChunkId> released;

 private:
  std::map<core::ChunkId, std::vector<std::uint8_t>> chunks_;
};

}  // namespace sluice::testing
