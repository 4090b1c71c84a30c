// SPDX-License-Identifier: Apache-2.0
//
// An InstantLog takes what a shard appends for durable and keeps none of it: for shards that are
// made only to say what their logs hold, and do nothing that does not stand there.
//
// Owner:   Rearrangement, or the simulator.      Thread: one.
#pragma once

#include "store/log.h"

namespace sluice::server {

class InstantLog final : public store::ShardLog {
 public:
  store::Position append(core::Ticket ticket, const store::BatchTime& /*time*/,
                         ByteView /*records*/) override {
    durable_ = ticket;
    return store::first_position;
  }
  core::Ticket durable() const override { return durable_; }
  std::size_t pending_bytes() const override { return 0; }
  std::uint64_t bytes() const override { return 0; }
  store::Space space() const override { return store::Space::ample; }
  void begin_replay_at(store::Position /*position*/) override {}

 private:
  core::Ticket durable_{0};
};

}  // namespace sluice::server
