// SPDX-License-Identifier: Apache-2.0
#include "cli/screen/topic_tree.h"

#include "cli/diagnose/port_sniffer.h"
#include "cli/screen/screen.h"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

void add(TopicTree& tree, std::string_view topic, std::string_view payload) {
  codec::Publish publish;
  publish.topic = topic;
  publish.payload = as_bytes(payload);
  tree.add(publish);
}

std::vector<std::string> shown(const TopicTree& tree) {
  std::vector<std::string> topics;
  for (const auto index : tree.visible()) topics.push_back(tree.topic(index));
  return topics;
}

using Topics = std::vector<std::string>;

TEST(TopicTree, ClosedLevelsHideWhatIsBelow) {
  TopicTree tree;
  add(tree, "b/2", "x");
  add(tree, "a/1/deep", "x");
  add(tree, "b", "x");
  EXPECT_EQ(shown(tree), (Topics{"a", "b"}));
  tree.set_open(tree.visible()[1], true);
  EXPECT_EQ(shown(tree), (Topics{"a", "b", "b/2"}));
  tree.open_all();
  EXPECT_EQ(shown(tree), (Topics{"a", "a/1", "a/1/deep", "b", "b/2"}));
  EXPECT_EQ(tree.topics(), 3U);
}

TEST(TopicTree, MessagesCountForAllLevelsAbove) {
  TopicTree tree;
  for (int at = 0; at < 10; ++at) add(tree, "a/b", "x");
  add(tree, "a", "x");
  tree.tick(2s);
  const auto& a = tree.node(tree.visible()[0]);
  EXPECT_EQ(a.count, 1U);
  EXPECT_EQ(a.total, 11U);
  EXPECT_DOUBLE_EQ(a.rate, 5.5);
  EXPECT_EQ(tree.topic(tree.busiest(1)[0]), "a/b");
  for (int at = 0; at < 40; ++at) tree.tick(1s);
  EXPECT_EQ(tree.rate(), 0);
}

TEST(TopicTree, TopicOfManyLevelsIsTaken) {
  TopicTree tree;
  const std::string deep(60'000, '/');
  add(tree, deep, "x");
  tree.open_all();
  EXPECT_EQ(tree.visible().size(), 60'001U);
  EXPECT_EQ(tree.topic(tree.visible().back()), deep);
}

TEST(TopicTree, BeyondItsLimitTopicsAreLeftOutAndCounted) {
  TopicTree tree;
  for (std::size_t at = 0; at < TopicTree::nodes_max; ++at) add(tree, std::to_string(at), "x");
  EXPECT_EQ(tree.left_out(), 1U);
  EXPECT_EQ(tree.topics(), TopicTree::nodes_max - 1);
}

TEST(TopicTree, NumbersAreFoundInPayloads) {
  EXPECT_EQ(number_in("21.5"), 21.5);
  EXPECT_EQ(number_in("{\"name\": \"x:1\", \"t\": -4e1}"), -40);
  for (const char* text : {"", "x", "21 degrees", "{}", "{\"a\": \"b\"}", "[1]", "inf"}) {
    EXPECT_FALSE(number_in(text).has_value()) << text;
  }
}

TEST(Screen, KeysOfTerminalsAreKnown) {
  const auto keys = keys_of("\x1b[Aq\x1bOB\r\x01");
  ASSERT_EQ(keys.size(), 4U);
  EXPECT_EQ(keys[0].key, Key::up);
  EXPECT_EQ(keys[1].character, 'q');
  EXPECT_EQ(keys[2].key, Key::down);
  EXPECT_EQ(keys[3].key, Key::enter);
}

TEST(Screen, TextIsFittedByCharacters) {
  EXPECT_EQ(fitted("abc", 5), "abc  ");
  EXPECT_EQ(fitted("äöü", 3), "äöü");
  EXPECT_EQ(fitted("äöüß", 3), "äö…");
  EXPECT_EQ(fitted("abc", 0), "");
}

TEST(Screen, BarsGoFromTheLowestToTheHighest) {
  EXPECT_EQ(bars({1, 2, 8}), "▁▂█");
  EXPECT_EQ(bars({3, 3}), "▁▁");
  EXPECT_EQ(bars({}), "");
}

TEST(PortSniffer, FirstBytesTellWhoSpeaks) {
  EXPECT_EQ(recognised(""), PortSpeaks::nothing);
  EXPECT_EQ(recognised(std::string_view("\x20\x02\0\0", 4)), PortSpeaks::mqtt);
  EXPECT_EQ(recognised(std::string_view("\x15\x03\x01\0\x02", 5)), PortSpeaks::tls);
  EXPECT_EQ(recognised("HTTP/1.1 400"), PortSpeaks::http);
  EXPECT_EQ(recognised("SSH-2.0"), PortSpeaks::ssh);
  EXPECT_EQ(recognised("220 mail"), PortSpeaks::other);
}

}  // namespace
}  // namespace sluice::cli
