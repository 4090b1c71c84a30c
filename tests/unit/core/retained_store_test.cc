// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"
#include "core/message/message_pool.h"
#include "core/retained/retained_query.h"
#include "tests/unit/core/topic_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace sluice::core::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Retained : public ::testing::Test {
 protected:
  MessageRef message(std::string_view topic, std::string_view payload) {
    MessageFields fields;
    fields.topic = topic;
    fields.payload = as_bytes(payload);
    return pool.make(fields);
  }
  void set(std::string_view topic, std::string_view payload = "x") {
    store.set(message(topic, payload));
  }
  std::vector<std::string> all(std::string_view filter, std::size_t page = 1000) {
    std::vector<std::string> topics;
    RetainedQuery query(filter);
    while (query.next(store, {.messages_max = page, .bytes_max = 1 << 20},
                      [&](const MessageRef& message) { topics.emplace_back(message->topic()); })) {
    }
    EXPECT_TRUE(query.is_done());
    return topics;
  }

  MessagePool pool;
  RetainedStore store;
};

TEST_F(Retained, TheLastMessageOfATopicStands) {
  set("a/b", "first");
  const auto replaced = store.set(message("a/b", "second"));
  ASSERT_TRUE(replaced);
  EXPECT_EQ(as_text(replaced->payload()), "first");
  EXPECT_EQ(store.count(), 1U);
  ASSERT_NE(store.find("a/b"), nullptr);
  EXPECT_EQ(as_text(store.find("a/b")->payload()), "second");
  EXPECT_EQ(store.find("a"), nullptr);
  EXPECT_EQ(store.find("a/b/"), nullptr);
}

TEST_F(Retained, WhatTheBrokerSaysOfItselfIsCountedApart) {
  set("a");
  set("$SYS/broker/uptime", "1 second");
  set("$SYS/broker/uptime", "a number of seconds");
  set("$SYSTEM");
  const std::size_t own = store.find("$SYS/broker/uptime")->memory_bytes();
  EXPECT_EQ(store.count(), 3U);
  EXPECT_EQ(store.client_count(), 2U);
  EXPECT_EQ(store.client_bytes() + own, store.message_bytes());
  store.erase("$SYS/broker/uptime");
  EXPECT_EQ(store.client_count(), 2U);
  EXPECT_EQ(store.client_bytes(), store.message_bytes());
}

TEST_F(Retained, ErasingGivesBackWhatStoodThereAndItsBytes) {
  set("a/b");
  set("a/c");
  EXPECT_EQ(store.message_bytes(), pool.bytes());
  EXPECT_FALSE(store.erase("a"));
  EXPECT_TRUE(store.erase("a/b"));
  EXPECT_FALSE(store.erase("a/b"));
  EXPECT_EQ(store.count(), 1U);
  EXPECT_EQ(store.message_bytes(), pool.bytes());
  EXPECT_THAT(all("#"), ElementsAre("a/c"));
}

TEST_F(Retained, TopicsComeInOrderWithTheSlashFirst) {
  for (const char* topic : {"a-b", "b", "a/b", "a", "a/", "a b", "/", "a/b/c", "//", "a/b-c"})
    set(topic);
  EXPECT_THAT(all("#"),
              ElementsAre("/", "//", "a", "a/", "a/b", "a/b/c", "a/b-c", "a b", "a-b", "b"));
}

TEST_F(Retained, AFilterGetsWhatItMatches) {
  for (const char* topic : {"sport", "sport/", "sport/tennis", "sport/tennis/player1", "sports",
                            "sport/tennis/player1/ranking", "/finance", "finance", "$SYS",
                            "$SYS/load", "sport/golf/player1", "sport//player1"})
    set(topic);
  EXPECT_THAT(all("sport/tennis/player1/#"),
              ElementsAre("sport/tennis/player1", "sport/tennis/player1/ranking"));
  EXPECT_THAT(all("sport/+"), ElementsAre("sport/", "sport/tennis"));
  EXPECT_THAT(all("+"), ElementsAre("finance", "sport", "sports"));
  EXPECT_THAT(all("+/+"), ElementsAre("/finance", "sport/", "sport/tennis"));
  EXPECT_THAT(all("/+"), ElementsAre("/finance"));
  EXPECT_THAT(all("sport/+/player1"),
              ElementsAre("sport//player1", "sport/golf/player1", "sport/tennis/player1"));
  EXPECT_THAT(all("+/tennis/#"),
              ElementsAre("sport/tennis", "sport/tennis/player1", "sport/tennis/player1/ranking"));
  EXPECT_THAT(all("sport/tennis"), ElementsAre("sport/tennis"));
  EXPECT_THAT(all("sport/tennis/"), IsEmpty());
  EXPECT_THAT(all("$SYS/#"), ElementsAre("$SYS", "$SYS/load"));
  EXPECT_THAT(all("+/load"), IsEmpty());
  EXPECT_THAT(all("nothing/#"), IsEmpty());
  EXPECT_EQ(all("#").size(), 10U);
}

TEST_F(Retained, APageHoldsNoMoreThanItsLimits) {
  for (int i = 100; i < 200; ++i) set("t/" + std::to_string(i), std::string(95, 'x'));
  RetainedQuery query("t/#");
  std::vector<std::size_t> pages;
  std::size_t messages = 0;
  const auto count = [&](const MessageRef&) { ++messages; };
  while (query.next(store, {.messages_max = 30, .bytes_max = 1000}, count)) {
    pages.push_back(messages);
    messages = 0;
  }
  EXPECT_THAT(pages, ::testing::Each(10U));
  EXPECT_EQ(pages.size() * 10 + messages, 100U);

  RetainedQuery large("t/#");
  messages = 0;
  EXPECT_TRUE(large.next(store, {.messages_max = 30, .bytes_max = 1}, count));
  EXPECT_EQ(messages, 1U);
  EXPECT_TRUE(large.next(store, {.messages_max = 30, .bytes_max = 1 << 20}, count));
  EXPECT_EQ(messages, 31U);
}

TEST_F(Retained, APageEndsAfterManyTopicsThatDoNotMatch) {
  for (int i = 0; i < 30000; ++i) set("a/" + std::to_string(i) + "/b");
  set("a/x/c");
  RetainedQuery query("+/+/c");
  std::size_t messages = 0;
  int pages = 1;
  while (query.next(store, {.messages_max = 10, .bytes_max = 1000},
                    [&](const MessageRef&) { ++messages; }))
    ++pages;
  EXPECT_EQ(messages, 1U);
  EXPECT_GT(pages, 2);
}

TEST_F(Retained, AQueryAmongManyEqualBeginningsJumpsOverThem) {
  for (int i = 0; i < 50000; ++i) set("a/x/" + std::to_string(i));
  for (int i = 0; i < 10; ++i) set("a/" + std::to_string(i) + "/y");
  RetainedQuery query("a/+/y");
  std::size_t messages = 0;
  EXPECT_FALSE(query.next(store, {.messages_max = 100, .bytes_max = 100'000},
                          [&](const MessageRef&) { ++messages; }));
  EXPECT_EQ(messages, 10U);
}

std::string random_topic(Rng& rng, bool is_filter) {
  static constexpr const char* words[] = {"a",
                                          "b",
                                          "",
                                          "$x",
                                          "ab",
                                          "a-",
                                          "longer-than-eight-bytes-1",
                                          "longer-than-eight-bytes-2",
                                          "\xc3\xa9"};
  std::string topic;
  const std::uint64_t levels = 1 + rng.below(4);
  for (std::uint64_t i = 0; i < levels; ++i) {
    if (i > 0) topic += '/';
    if (is_filter && rng.chance(1, 3)) {
      topic += '+';
    } else if (is_filter && rng.chance(1, 4)) {
      topic += '#';
      break;
    } else {
      topic += words[rng.below(std::size(words))];
    }
  }
  return topic.empty() ? "b" : topic;
}

TEST_F(Retained, EqualsAPlainMapUnderRandomCalls) {
  Rng rng(11);
  std::map<std::string, std::string> plain;
  for (int i = 0; i < 100'000 && !HasFailure(); ++i) {
    const std::string topic = random_topic(rng, false);
    // The store grows for a while, then shrinks, again and again.
    const bool is_growing = i / 5000 % 2 == 0;
    if (rng.chance(is_growing ? 7 : 3, 10)) {
      const bool was_there = plain.contains(topic);
      const std::string payload = std::to_string(i);
      EXPECT_EQ(static_cast<bool>(store.set(message(topic, payload))), was_there);
      plain[topic] = payload;
    } else {
      EXPECT_EQ(static_cast<bool>(store.erase(topic)), plain.erase(topic) > 0);
    }
    const Message* found = store.find(topic);
    ASSERT_EQ(found != nullptr, plain.contains(topic));
    if (found != nullptr) {
      EXPECT_EQ(as_text(found->payload()), plain[topic]);
    }
    if (i % 100 != 0) continue;
    EXPECT_EQ(store.count(), plain.size());
    const std::string filter = random_topic(rng, true);
    std::vector<std::string> expected;
    for (const auto& entry : plain)
      if (plainly_matches(filter, entry.first)) expected.push_back(entry.first);
    auto got = all(filter, 1 + rng.below(50));
    std::sort(got.begin(), got.end());
    EXPECT_EQ(got, expected) << filter;
  }
}

TEST_F(Retained, AQueryNeitherRepeatsNorSkipsWhileTheStoreChanges) {
  Rng rng(12);
  for (int round = 0; round < 300 && !HasFailure(); ++round) {
    for (int i = 0; i < 300; ++i) set(random_topic(rng, false));
    const std::string filter = random_topic(rng, true);
    std::set<std::string> always;
    store.for_each([&](const MessageRef& message) {
      if (plainly_matches(filter, message->topic())) always.emplace(message->topic());
    });
    std::set<std::string> handed_out;
    RetainedQuery query(filter);
    while (query.next(store, {.messages_max = 1 + rng.below(3), .bytes_max = 1000},
                      [&](const MessageRef& message) {
                        EXPECT_TRUE(plainly_matches(filter, message->topic()));
                        EXPECT_TRUE(handed_out.emplace(message->topic()).second);
                      })) {
      for (int i = 0; i < 5; ++i) {
        const std::string topic = random_topic(rng, false);
        if (rng.chance(1, 2)) {
          set(topic);
        } else {
          store.erase(topic);
          always.erase(topic);
        }
      }
    }
    for (const auto& topic : always)
      EXPECT_TRUE(handed_out.contains(topic)) << filter << " " << topic;
  }
}

TEST_F(Retained, TheStoreTakesAtMost40BytesAMessageBesideTheMessage) {
  Rng rng(1);
  for (int i = 0; i < 100'000; ++i)
    set("site/" + std::to_string(rng.below(1'000'000)) + "/dev/" +
        std::to_string(rng.below(1'000'000)) + "/temp");
  EXPECT_LE(store.index_bytes(), store.count() * 40);
}

TEST_F(Retained, ASmallMessageTakesAtMostItsTopicItsPayloadAnd100Bytes) {
  Rng rng(1);
  std::size_t wire = 0;
  const std::string payload(64, 'x');
  for (int i = 0; i < 100'000; ++i)
    set("site/" + std::to_string(rng.below(1'000'000)) + "/dev/" +
            std::to_string(rng.below(1'000'000)) + "/temp",
        payload);
  store.for_each([&](const MessageRef& message) { wire += message->topic().size() + 64; });
  EXPECT_LE(store.message_bytes() + store.index_bytes(), wire + store.count() * 100);
}

TEST_F(Retained, GrowingTopicsLeaveFullPagesBehindAndErasedOnesNone) {
  const auto name = [](int i) { return "site/" + std::to_string(1'000'000 + i); };
  for (int i = 0; i < 100'000; ++i) set(name(i));
  EXPECT_LE(store.index_bytes(), store.count() * 24);
  for (int i = 0; i < 100'000; ++i)
    if (i % 100 != 0) store.erase(name(i));
  EXPECT_EQ(store.count(), 1000U);
  EXPECT_LE(store.index_bytes(), 300'000U);
  EXPECT_EQ(all("site/+").size(), 1000U);
  for (int i = 100'000; i-- > 0;) store.erase(name(i));
  EXPECT_EQ(store.count(), 0U);
  EXPECT_LE(store.index_bytes(), 30'000U);
  EXPECT_THAT(all("#"), IsEmpty());
  set("a");
  EXPECT_THAT(all("#"), ElementsAre("a"));
}

}  // namespace
}  // namespace sluice::core::test
