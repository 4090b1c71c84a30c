// SPDX-License-Identifier: Apache-2.0
// Where the middle of a long queue is kept is nobody's business: histories drawn at random, with
// chunks that leave and come back, are the same as those in which all stays in memory.
#include "core/state/checkpoint.h"
#include "core/state/chunk_codec.h"
#include "core/state/chunk_expansion.h"
#include "core/state/replay.h"
#include "core/state/state_mover.h"
#include "tests/support/memory_chunks.h"
#include "tests/support/state_dump.h"
#include "tests/unit/core/state/state_history.h"

#include <gtest/gtest.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace sluice::core {
namespace {

using testing::a_day_later;
using testing::clock_of_run;
using testing::dump;
using testing::History;
using testing::key;
using testing::MemoryChunks;
using Bytes = std::vector<std::uint8_t>;

constexpr SpillRules chunk_rules{.messages = 8, .bytes = 400};

/// A state that is made from batches, with chunks of its own.
struct ChunkFollower {
  explicit ChunkFollower(const MemoryChunks& found, const SpillRules& by) : chunks(found) {
    replay = std::make_unique<Replay>(state, a_day_later, &chunks, by);
  }

  MemoryChunks chunks;
  State state{key};
  std::unique_ptr<Replay> replay;
};

void follow(ChunkFollower& follower, const Bytes& batch) {
  if (batch.empty()) return;
  const auto done = follower.replay->apply(batch);
  ASSERT_TRUE(done.has_value()) << done.error().detail;
}

/// A history with chunks, and a checkpoint begun now and then.
class SpilledHistory {
 public:
  explicit SpilledHistory(std::uint64_t seed) : history_(seed), rng_(~seed) {
    history_.use_chunks(chunks_, chunk_rules);
  }

  void next_batch() {
    history_.pass_time();
    // What was leaving when a broker was killed is in memory again.
    if (rng_.chance(1, 40)) {
      history_.settle_chunks(checkpoint_.get());
      checkpoint_ = std::make_unique<Checkpoint>(history_.state(), history_.writer());
      history_.begin_run();
    }
    history_.change(rng_.below(12));
    if (checkpoint_->is_running() ? rng_.chance(1, 200) : rng_.chance(1, 6)) {
      checkpoint_->begin(history_.now());
      begun_ = log.size();
    }
    history_.change(rng_.below(6));
    if (rng_.chance(1, 2)) history_.settle_chunks(checkpoint_.get());
    if (checkpoint_->is_running() && !rng_.chance(1, 4) &&
        checkpoint_->go_on(1 + rng_.below(900), history_.now()) == Checkpoint::Progress::ended)
      starts.push_back(begun_);
    history_.change(rng_.below(6));
    log.push_back(history_.take());
  }
  State& state() { return history_.state(); }
  MemoryChunks& chunks() { return chunks_; }
  std::string text() { return dump(history_.state(), &chunks_, clock_of_run); }

  std::vector<Bytes> log;
  std::vector<std::size_t> starts;  // the batches that replay may begin with

 private:
  MemoryChunks chunks_;
  History history_;
  Rng rng_;
  std::unique_ptr<Checkpoint> checkpoint_ =
      std::make_unique<Checkpoint>(history_.state(), history_.writer());
  std::size_t begun_ = 0;
};

std::string text_of(ChunkFollower& follower) {
  return dump(follower.state, &follower.chunks, a_day_later);
}

// Each takes five of the histories: all of them take minutes under the address sanitizer.
class ChunksOfHistories : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ChunksOfHistories, WhatIsReplayedIsWhatWasWhereverEachPartOfAQueueIs) {
  std::size_t away = 0;
  std::size_t from_checkpoints = 0;
  for (std::uint64_t seed = GetParam(); seed < GetParam() + 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SpilledHistory history(seed);
    const MemoryChunks none;
    ChunkFollower in_memory(none, {});
    ChunkFollower spilled(none, chunk_rules);
    std::vector<std::unique_ptr<ChunkFollower>> followers;
    for (int batch = 0; batch < 150; ++batch) {
      SCOPED_TRACE("batch " + std::to_string(batch));
      history.next_batch();
      for (ChunkFollower* each : {&in_memory, &spilled}) follow(*each, history.log.back());
      for (const auto& each : followers) follow(*each, history.log.back());
      if (history.starts.size() > followers.size()) {
        followers.push_back(std::make_unique<ChunkFollower>(history.chunks(), chunk_rules));
        for (std::size_t i = history.starts.back(); i < history.log.size(); ++i)
          follow(*followers.back(), history.log[i]);
      }
      const std::string now = history.text();
      ASSERT_EQ(text_of(in_memory), now);
      ASSERT_EQ(text_of(spilled), now);
      if (!followers.empty()) {
        ASSERT_EQ(text_of(*followers.back()), now);
      }
      away += history.state().away_messages() + spilled.state.away_messages();
    }
    for (const auto& each : followers) ASSERT_EQ(text_of(*each), history.text());
    from_checkpoints += followers.size();
    ASSERT_TRUE(spilled.replay->lost().empty());
  }
  EXPECT_GT(away, 2'000U);
  EXPECT_GT(from_checkpoints, 20U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ChunksOfHistories, ::testing::Range<std::uint64_t>(1, 26, 5));

TEST(Chunks, WhatIsMovedToOtherShardsIsWhatItWas) {
  const auto places = [](std::uint16_t count) {
    return Places{.count = count,
                  .home_of =
                      [count](std::string_view id) {
                        return ShardIndex{static_cast<std::uint16_t>(
                            static_cast<unsigned char>(id.back()) % count)};
                      },
                  .owner_of = [](std::string_view) { return ShardIndex{0}; }};
  };
  std::size_t away = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SpilledHistory history(seed);
    for (int batch = 0; batch < 100; ++batch) history.next_batch();
    const MemoryChunks none;
    ChunkFollower whole(none, chunk_rules);
    for (const Bytes& batch : history.log) follow(whole, batch);
    for (std::uint16_t other = 1; other < 4; ++other) {
      OutboxLane& lane = whole.state.lane(ShardIndex{other});
      whole.state.apply(record::OutboxConfirmed{ShardIndex{other}, lane.last_sequence});
    }
    std::vector<MemoryChunks> stores(3);
    StateMover out(places(3), key,
                   {chunk_rules, a_day_later, {&stores[0], &stores[1], &stores[2]}});
    ASSERT_TRUE(out.move(whole.state, &whole.chunks).has_value());
    MemoryChunks last;
    StateMover back(places(1), key, {chunk_rules, a_day_later, {&last}});
    for (std::size_t i = 0; i < 3; ++i)
      ASSERT_TRUE(back.move(*out.states()[i], &stores[i]).has_value());
    State& moved = *back.states()[0];
    away += moved.away_messages();
    EXPECT_EQ(moved.queue_messages(), whole.state.queue_messages());
    EXPECT_EQ(moved.queue_bytes(), whole.state.queue_bytes());
    EXPECT_TRUE(out.lost().empty());
    // The numbers of sessions and lanes are a matter of the log.
    const auto queues = [](State& state, MemoryChunks& chunks) {
      std::vector<std::string> lines;
      std::istringstream text(dump(state, &chunks, a_day_later));
      std::string client;
      for (std::string line; std::getline(text, line);) {
        if (line.starts_with("session ")) client = line;
        if (line.starts_with("    ")) lines.push_back(client + line);
      }
      return lines;
    };
    EXPECT_EQ(queues(moved, last), queues(whole.state, whole.chunks)) << "seed " << seed;
  }
  EXPECT_GT(away, 500U);
}

// As a copy of a log is made, which has no chunks beside it.
TEST(Chunks, ALogThatIsToldWithItsChunksIsWhole) {
  std::uint64_t told = 0;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    SpilledHistory history(seed);
    for (int batch = 0; batch < 150; ++batch) history.next_batch();
    for (const std::size_t start : {std::size_t{0}, history.starts.back()}) {
      ChunkExpansion expansion(history.chunks());
      const MemoryChunks none;
      ChunkFollower copy(none, {});
      for (std::size_t i = start; i < history.log.size(); ++i) {
        if (history.log[i].empty()) continue;
        const auto batch = expansion.expand(history.log[i]);
        ASSERT_TRUE(batch.has_value()) << batch.error().detail;
        follow(copy, Bytes(batch->begin(), batch->end()));
      }
      EXPECT_EQ(text_of(copy), history.text()) << "seed " << seed;
      EXPECT_EQ(expansion.lost(), 0U);
      told += expansion.messages();
    }
    // Of chunks that are gone it says so, and the rest is there.
    const MemoryChunks kept = history.chunks();
    history.chunks().damage();
    ChunkExpansion damaged(history.chunks());
    const MemoryChunks none;
    ChunkFollower rest(none, {});
    for (std::size_t i = history.starts.back(); i < history.log.size(); ++i) {
      if (history.log[i].empty()) continue;
      const auto batch = damaged.expand(history.log[i]);
      ASSERT_TRUE(batch.has_value());
      follow(rest, Bytes(batch->begin(), batch->end()));
    }
    EXPECT_EQ(rest.state.queue_messages(), history.state().queue_messages());
    history.chunks() = kept;
  }
  EXPECT_GT(told, 300U);
}

class LostChunks : public ::testing::Test {
 protected:
  /// Replays from the last checkpoint, the chunks being as they are now.
  void replay() {
    follower_ = std::make_unique<ChunkFollower>(history_.chunks(), chunk_rules);
    for (std::size_t i = history_.starts.back(); i < history_.log.size(); ++i)
      follow(*follower_, history_.log[i]);
  }
  void SetUp() override {
    for (int batch = 0; batch < 400 || history_.starts.empty(); ++batch) history_.next_batch();
  }

  SpilledHistory history_{7};
  std::unique_ptr<ChunkFollower> follower_;
};

TEST_F(LostChunks, OfAQueueAreNamedAndTheRestOfItIsThere) {
  history_.chunks().damage();
  replay();
  ChunkFollower& found = *follower_;
  std::uint64_t in_memory = 0;
  for (std::uint32_t i = 0; i < found.state.sessions.end(); ++i)
    if (const Session* session = found.state.sessions.find(SessionSlot{i});
        session != nullptr && session->find_outbound() != nullptr)
      session->find_outbound()->queue.for_each_in_memory(
          [&](const Delivery& delivery) { in_memory += delivery.message ? 1 : 0; });
  EXPECT_GT(in_memory, 0U);
  EXPECT_EQ(found.state.queue_messages(), history_.state().queue_messages());
}

TEST_F(LostChunks, AreLostAgainAfterTheNextCheckpoint) {
  history_.chunks().clear();
  replay();
  State& state = follower_->state;
  RecordWriter writer(state, a_day_later);
  Checkpoint checkpoint(state, writer);
  checkpoint.begin(a_day_later.instant);
  while (checkpoint.go_on(100'000, a_day_later.instant) == Checkpoint::Progress::more) {
  }
  Bytes image;
  writer.take(image);
  ChunkFollower again(follower_->chunks, chunk_rules);
  follow(again, image);
  EXPECT_EQ(again.state.queue_messages(), state.queue_messages());
  EXPECT_EQ(again.state.queue_bytes(), state.queue_bytes());
}

TEST(Chunks, StayInMemoryWhereThereIsNoRoomForThem) {
  MemoryChunks full;
  full.is_full = true;
  ChunkFollower follower(full, chunk_rules);
  SpilledHistory history(3);
  for (int batch = 0; batch < 100; ++batch) {
    history.next_batch();
    follow(follower, history.log.back());
  }
  EXPECT_EQ(follower.state.away_messages(), 0U);
  EXPECT_EQ(text_of(follower), history.text());
}

TEST(Chunks, BytesThatAreNoneAreRefused) {
  SpilledHistory history(5);
  for (int batch = 0; batch < 100; ++batch) history.next_batch();
  ASSERT_GT(history.chunks().size(), 5U);
  Rng rng(1);
  std::size_t refused = 0;
  for (std::uint64_t id = 1; id <= history.chunks().size(); ++id) {
    MemoryChunks& chunks = history.chunks();
    Bytes bytes;
    for (std::uint32_t size = 0; bytes.empty() && size < 5'000; ++size)
      if (auto found = chunks.read(ChunkId{id}, size)) bytes = std::move(*found);
    for (int i = 0; i < 200; ++i) {
      Bytes other = bytes;
      other[rng.below(other.size())] ^= static_cast<std::uint8_t>(1U << rng.below(8));
      if (rng.chance(1, 3)) other.resize(rng.below(other.size()));
      State state(key);
      const auto deliveries = decode_chunk(state, other, 2, {a_day_later, a_day_later.instant});
      refused += deliveries ? 0 : 1;
      if (deliveries) {
        EXPECT_EQ(deliveries->size(), 2U);
      }
    }
  }
  EXPECT_GT(refused, 100U);
}

}  // namespace
}  // namespace sluice::core
