// SPDX-License-Identifier: Apache-2.0
//
// A StateMover brings what some shards kept to others, of another number: each session and each
// retained message to where it belongs from now on.
//
// Owner:   a start with another number of threads.      Thread: one.
// Never:   a change of what it moves.
// Limits:  memory: what was moved and did not leave it again, and what move() is given.
#pragma once

#include "base/result.h"
#include "core/state/direct_chunks.h"
#include "core/state/state.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice::core {

/// Where clients and retained messages belong.
struct Places {
  std::uint16_t count = 1;  ///< shards
  std::function<ShardIndex(std::string_view client_id)> home_of;
  std::function<ShardIndex(std::string_view topic)> owner_of;
};

/// Where the middle of long queues goes; what has no place in `stores` stays in memory.
struct ChunkPlaces {
  SpillRules rules{};
  LogClock clock{};
  std::vector<ChunkStore*> stores{};  ///< one for each shard
};

class StateMover {
 public:
  StateMover(Places to, const HashKey& table_key, ChunkPlaces chunks = {});

  /// invalid_argument if it owes other shards something, which is for them to take first. `chunks`:
  /// where the middle of its queues is; what cannot be read there is lost.
  Result<void> move(const State& from, ChunkStore* chunks = nullptr);
  /// What of the queues is there and could not be read.
  const std::vector<DirectChunks::Lost>& lost() const { return lost_; }
  /// One for each shard.
  std::vector<std::unique_ptr<State>>& states() { return states_; }

 private:
  struct Target {
    State& state;
    DirectChunks& chunks;
    boost::unordered_flat_map<const Message*, MessageRef> messages;  // of the state that is moved
  };

  void move_session(const State& from, const Session& session, Target& to);
  void move_deliveries(const State& from, const Session& session, SessionSlot slot, Target& to);
  void move_delivery(const State& from, const Delivery& delivery, SessionSlot slot, Target& to);
  void move_chunk(const Chunk& chunk, SessionSlot slot, Target& to);
  MessageRef copy(const MessageRef& message, Target& to);

  const Places places_;
  const LogClock clock_;
  ChunkStore* from_chunks_ = nullptr;
  std::vector<std::unique_ptr<State>> states_;
  std::vector<std::unique_ptr<DirectChunks>> chunks_;
  std::vector<DirectChunks::Lost> lost_;
};

}  // namespace sluice::core
