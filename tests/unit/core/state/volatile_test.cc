// SPDX-License-Identifier: Apache-2.0
// What is kept in memory alone leaves the log as true as if it had never been: histories drawn at
// random, with checkpoints, chunks and messages that the log does not get.
#include "core/state/replay.h"
#include "tests/unit/core/state/state_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace sluice::core {
namespace {

using testing::clock_of_run;
using testing::History;
using testing::key;
using testing::MemoryChunks;
using Bytes = std::vector<std::uint8_t>;

constexpr SpillRules log_rules{.messages = 6, .bytes = 400};

std::string text_of(const Delivery& delivery) {
  std::string text = std::to_string(delivery.packet_id) + "/" +
                     std::to_string(static_cast<int>(delivery.qos)) + "/" +
                     std::to_string(static_cast<int>(delivery.state)) + " ";
  if (!delivery.message) return text;
  return text + std::string(delivery.message->topic()) + ":" +
         std::string(as_text(delivery.message->payload())) + " ";
}

// What the log is to know of it.
std::string dump(const Session& session, ChunkStore& chunks) {
  std::string text = std::string(session.client_id()) + ": ";
  const Outbound* outbound = session.find_outbound();
  if (outbound == nullptr) return text + "| ";
  const auto add = [&text](const Delivery& delivery) {
    if (!delivery.is_volatile && delivery.state != DeliveryState::done) text += text_of(delivery);
  };
  for (std::size_t i = 0; i < outbound->window.size(); ++i) add(outbound->window[i]);
  text += "| ";
  outbound->queue.for_each(add, [&](const Chunk& chunk) {
    State scratch(key);
    auto deliveries = decode_chunk(scratch, *chunks.read(chunk.id, chunk.checksum), chunk.messages,
                                   {clock_of_run, clock_of_run.instant});
    for (const Delivery& delivery : *deliveries) add(delivery);
    deliveries->clear();
  });
  return text;
}

std::string dump(const State& state, ChunkStore& chunks) {
  std::vector<std::string> lines;
  auto& sessions = const_cast<Sessions&>(state.sessions);
  for (std::uint32_t i = 0; i < sessions.end(); ++i)
    if (const Session* session = sessions.find(SessionSlot{i}); session != nullptr)
      lines.push_back(dump(*session, chunks));
  state.retained.for_each([&](const MessageRef& message) {
    if (!message->is_volatile())
      lines.push_back("retained " + std::string(message->topic()) + ":" +
                      std::string(as_text(message->payload())));
  });
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

struct LoggedFollower {
  MemoryChunks chunks;
  State state{key};
  Replay replay{state, clock_of_run, &chunks, log_rules};
};

TEST(Volatile, TheLogIsAsTrueAsIfItHadNeverBeen) {
  std::size_t checkpoints = 0;
  std::size_t volatile_deliveries = 0;
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    MemoryChunks chunks;
    History history(seed);
    history.use_volatile();
    if (seed % 2 == 0) history.use_chunks(chunks, log_rules);
    Checkpoint checkpoint(history.state(), history.writer());
    LoggedFollower whole;
    std::unique_ptr<LoggedFollower> since;
    std::vector<Bytes> log;
    std::size_t begun = 0;
    Rng rng(~seed);
    for (int batch = 0; batch < 150; ++batch) {
      history.pass_time();
      history.change(rng.below(8));
      history.settle_chunks(&checkpoint);
      if (!checkpoint.is_running() && rng.chance(1, 10)) {
        checkpoint.begin(history.now());
        begun = log.size();
      }
      history.change(rng.below(8));
      const bool has_ended =
          checkpoint.is_running() &&
          checkpoint.go_on(1 + rng.below(600), history.now()) == Checkpoint::Progress::ended;
      history.change(rng.below(4));
      log.push_back(history.take());
      const auto follow = [&](LoggedFollower& follower, const Bytes& bytes) {
        if (bytes.empty()) return;
        const auto done = follower.replay.apply(bytes);
        ASSERT_TRUE(done.has_value()) << "seed " << seed << ": " << done.error().detail;
      };
      follow(whole, log.back());
      if (since) follow(*since, log.back());
      // Where its chunks are, is for another test.
      if (has_ended && seed % 2 == 1) {
        ++checkpoints;
        since = std::make_unique<LoggedFollower>();
        for (std::size_t i = begun; i < log.size(); ++i) follow(*since, log[i]);
      }
      const std::string now = dump(history.state(), chunks);
      ASSERT_EQ(dump(whole.state, whole.chunks), now) << "seed " << seed << ", batch " << batch;
      if (since) {
        ASSERT_EQ(dump(since->state, since->chunks), now) << "seed " << seed << ", batch " << batch;
      }
    }
    for (std::uint32_t i = 0; i < history.state().sessions.end(); ++i)
      if (const Session* session = history.state().sessions.find(SessionSlot{i});
          session != nullptr && session->untold_ids > 0)
        ++volatile_deliveries;
  }
  EXPECT_GT(checkpoints, 20U);
  EXPECT_GT(volatile_deliveries, 10U);
}

}  // namespace
}  // namespace sluice::core
