// SPDX-License-Identifier: Apache-2.0
//
// An InstantLog takes what a shard appends for durable and keeps none of it: for shards that are
// made only to say what their logs hold, and do nothing that does not stand there.
//
// Owner:   Rearrangement, or the simulator.      Thread: one.
#pragma once

#include "core/state/chunk_store.h"
#include "store/log.h"

#include <utility>
#include <vector>

namespace sluice::server {

class InstantLog final : public store::ShardLog {
 public:
  /// Where the shard's queues have what is not in memory.
  explicit InstantLog(core::ChunkStore& chunks) : chunks_(chunks) {}

  store::Position append(core::Ticket ticket, const store::BatchTime& /*time*/,
                         ByteView /*records*/) override {
    durable_ = ticket;
    return store::first_position;
  }
  core::Ticket durable() const override { return durable_; }
  std::size_t pending_bytes() const override { return 0; }
  std::uint64_t bytes() const override { return 0; }
  std::uint64_t released_bytes() const override { return 0; }
  store::Space space() const override { return store::Space::ample; }
  void begin_replay_at(store::Position /*position*/) override {}
  // The log that names them stays as it is: nothing of them may go.
  void carry_out(core::ChunkRequest request) override {
    if (request.kind != core::ChunkRequest::Kind::forget)
      answers_.push_back(core::carry_out(chunks_, request));
  }
  void take_answers(std::vector<core::ChunkAnswer>& into) override {
    for (core::ChunkAnswer& answer : answers_) into.push_back(std::move(answer));
    answers_.clear();
  }

 private:
  core::ChunkStore& chunks_;
  std::vector<core::ChunkAnswer> answers_;
  core::Ticket durable_{0};
};

}  // namespace sluice::server
