// SPDX-License-Identifier: Apache-2.0
// What some shards keep is kept by any other number of them.
#include "core/state/state_mover.h"

#include "tests/support/state_dump.h"
#include "tests/unit/core/state/state_history.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>

namespace sluice::core {
namespace {

using testing::dump;
using testing::History;
using testing::key;

Places places(std::uint16_t count) {
  const auto by_last = [count](std::string_view text) {
    return ShardIndex{static_cast<std::uint16_t>(static_cast<unsigned char>(text.back()) % count)};
  };
  return {.count = count, .home_of = by_last, .owner_of = by_last};
}

// Numbers in the log begin anew, and lanes are empty.
std::string without_numbers(const std::string& text) {
  const std::regex number("(session [^\n]*\n  )[0-9]+ ");
  const std::regex lane("lane [^\n]*\n");
  return std::regex_replace(std::regex_replace(text, number, "$1"), lane, "");
}

// A state that owes other shards nothing.
void make(History& history) {
  for (int batch = 0; batch < 100; ++batch) history.next_batch();
  State& state = history.state();
  for (std::uint16_t i = 0; i < state.lanes().size(); ++i)
    state.apply(record::OutboxConfirmed{ShardIndex{i}, state.lanes()[i].last_sequence});
}

TEST(StateMover, WhatIsMovedToManyAndBackIsWhatItWas) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    History history(seed);
    make(history);
    StateMover out(places(3), key);
    ASSERT_TRUE(out.move(history.state()).has_value());
    StateMover back(places(1), key);
    std::size_t sessions = 0;
    for (const auto& state : out.states()) {
      sessions += state->sessions.size();
      ASSERT_TRUE(back.move(*state).has_value());
    }
    EXPECT_EQ(sessions, history.state().sessions.size());
    EXPECT_EQ(without_numbers(dump(*back.states()[0])), without_numbers(dump(history.state())))
        << "seed " << seed;
  }
}

TEST(StateMover, EachClientAndEachTopicGoesWhereItBelongs) {
  History history(7);
  make(history);
  const Places to = places(2);
  StateMover mover(to, key);
  ASSERT_TRUE(mover.move(history.state()).has_value());
  for (std::uint16_t shard = 0; shard < 2; ++shard) {
    State& state = *mover.states()[shard];
    for (std::uint32_t i = 0; i < state.sessions.end(); ++i)
      EXPECT_EQ(index_of(to.home_of(state.sessions.at(SessionSlot{i}).client_id())), shard);
    state.retained.for_each([&](const MessageRef& message) {
      EXPECT_EQ(index_of(to.owner_of(message->topic())), shard);
    });
  }
}

TEST(StateMover, WhatIsOwedToAnotherShardIsNotLeftBehind) {
  State state(key);
  const MessageRef message = state.messages.make({.topic = "t", .properties = {}, .payload = {}});
  const OutboxEntry entry{.sequence = 1, .message = message, .is_for_subscribers = true};
  state.apply(record::OutboxSent{ShardIndex{1}, entry});
  StateMover mover(places(2), key);
  EXPECT_FALSE(mover.move(state).has_value());
}

}  // namespace
}  // namespace sluice::core
