// SPDX-License-Identifier: Apache-2.0
#include "codec/topic.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::codec {
namespace {

TEST(CodecTopicName, TakesAnythingButWildcards) {
  for (const char* name : {"a", "/", "//", "a/b", "/a", "a/", " ", "$SYS/x", "$share/g/t",
                           "\xEF\xBB\xBF", "Accounts payable", "\xC3\xA4/\xE2\x82\xAC", "a\\b"})
    EXPECT_TRUE(check_topic_name(name).has_value()) << name;
  for (const char* name : {"+", "#", "a/+", "a/#", "a+b", "a#", "\xC3\xA4/+"}) {
    const auto checked = check_topic_name(name);
    ASSERT_FALSE(checked.has_value()) << name;
    EXPECT_EQ(checked.error().reason, 0x81);
  }
  EXPECT_EQ(check_topic_name("").error().reason, 0x81);
}

TEST(CodecTopicName, IsCheckedAtEveryByteOfEveryLength) {
  for (std::size_t size = 1; size < 40; ++size) {
    std::string name(size, 'a');
    ASSERT_TRUE(check_topic_name(name).has_value());
    for (std::size_t i = 0; i < size; ++i) {
      for (const char bad : {'+', '#', '\0', '\x80'}) {
        name[i] = bad;
        const auto checked = check_topic_name(name);
        ASSERT_FALSE(checked.has_value()) << size << " " << i;
        EXPECT_EQ(checked.error().offset, i);
      }
      name[i] = 'a';
    }
  }
}

TEST(CodecTopicName, MQTT3_4_7_3_3_at_most_65535_bytes) {
  TopicLimits limits;
  limits.bytes_max = 100'000;
  EXPECT_TRUE(check_topic_name(std::string(65'535, 't'), limits).has_value());
  EXPECT_FALSE(check_topic_name(std::string(65'536, 't'), limits).has_value());
  EXPECT_TRUE(check_topic_name(std::string(65'535, 't')).has_value());
  EXPECT_FALSE(check_topic_name(std::string(65'536, 't')).has_value());
  EXPECT_FALSE(check_topic_filter(std::string(65'535, 't') + "/#").has_value());
}

TEST(CodecTopicName, MQTT5_4_7_3_3_at_most_65535_bytes) {
  TopicLimits limits;
  limits.bytes_max = 100'000;
  EXPECT_FALSE(check_topic_name(std::string(65'536, 't'), limits).has_value());
}

TEST(CodecTopicName, HasLimitsOfBytesAndLevels) {
  const TopicLimits limits{.bytes_max = 10, .levels_max = 3};
  EXPECT_TRUE(check_topic_name("a/b/c", limits).has_value());
  EXPECT_TRUE(check_topic_name("aaaaaaaaaa", limits).has_value());
  const auto levels = check_topic_name("a/b/c/d", limits);
  ASSERT_FALSE(levels.has_value());
  EXPECT_EQ(levels.error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(levels.error().reason, 0x90);
  const auto bytes = check_topic_name("aaaaaaaaaaa", limits);
  ASSERT_FALSE(bytes.has_value());
  EXPECT_EQ(bytes.error().code, ErrorCode::limit_exceeded);
  const auto filter = check_topic_filter("a/b/c/#", limits);
  ASSERT_FALSE(filter.has_value());
  EXPECT_EQ(filter.error().reason, 0x8F);
}

TEST(CodecTopicName, CountsLevelsExactly) {
  for (std::uint32_t levels = 1; levels < 40; ++levels) {
    std::string name(levels - 1, '/');
    name += "x";
    EXPECT_TRUE(check_topic_name(name, {.levels_max = levels}).has_value()) << levels;
    EXPECT_FALSE(check_topic_name(name + "/", {.levels_max = levels}).has_value()) << levels;
    name += "\xC3\xA4";
    EXPECT_TRUE(check_topic_name(name, {.levels_max = levels}).has_value()) << levels;
    EXPECT_FALSE(check_topic_name(name + "/", {.levels_max = levels}).has_value()) << levels;
  }
}

TEST(CodecTopicName, HasAtMost65535Bytes) {
  EXPECT_TRUE(check_topic_name(std::string(65'535, 'a')).has_value());
  EXPECT_FALSE(check_topic_name(std::string(65'536, 'a'), {.bytes_max = 100'000}).has_value());
}

TEST(CodecTopicFilter, HasWildcardsOnlyAsWholeLevels) {
  for (const char* filter : {"#", "+", "+/+", "/+", "/#", "a/#", "a/+/#", "+/a", "a/b", "/", "//#",
                             "$SYS/#", "+/\xC3\xA4/#"})
    EXPECT_TRUE(check_topic_filter(filter).has_value()) << filter;
  for (const char* filter :
       {"a#", "#a", "a/#/b", "##", "#/", "a+", "+a", "a/b+", "++", "a/+b/c", "+#", "\xC3\xA4+"}) {
    const auto checked = check_topic_filter(filter);
    ASSERT_FALSE(checked.has_value()) << filter;
    EXPECT_EQ(checked.error().reason, 0x81) << filter;
  }
  EXPECT_EQ(check_topic_filter("").error().reason, 0x81);
  EXPECT_EQ(check_topic_filter(std::string_view("a\0", 2)).error().reason, 0x81);
}

TEST(CodecSharedFilter, IsSplitInNameAndFilter) {
  const auto shared = split_shared_filter("$share/group/a/+/#");
  ASSERT_TRUE(shared.has_value());
  EXPECT_TRUE(shared->is_shared());
  EXPECT_EQ(shared->share_name, "group");
  EXPECT_EQ(shared->filter, "a/+/#");
  EXPECT_EQ(split_shared_filter("$share/g//")->filter, "/");
  EXPECT_EQ(split_shared_filter("$share/g/#")->filter, "#");
}

TEST(CodecSharedFilter, LeavesOtherFiltersWhole) {
  for (const char* filter : {"a", "$share", "$shared/g/a", "$SHARE/g/a", "/$share/g/a", "#"}) {
    const auto shared = split_shared_filter(filter);
    ASSERT_TRUE(shared.has_value());
    EXPECT_FALSE(shared->is_shared());
    EXPECT_EQ(shared->filter, filter);
  }
}

TEST(CodecSharedFilter, NeedsANameWithoutWildcardsAndAFilter) {
  for (const char* filter :
       {"$share/", "$share/g", "$share/g/", "$share//a", "$share/+/a", "$share/#", "$share/g+/a"}) {
    const auto shared = split_shared_filter(filter);
    ASSERT_FALSE(shared.has_value()) << filter;
    EXPECT_EQ(shared.error().reason, 0x82);
  }
}

struct Match {
  const char* filter;
  const char* topic;
  bool is_match;
};
// Most are the examples of §4.7 of both standards.
constexpr Match match_table[] = {
    {"sport/tennis/player1/#", "sport/tennis/player1", true},
    {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
    {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
    {"sport/tennis/player1/#", "sport/tennis/player10", false},
    {"sport/#", "sport", true},
    {"#", "sport/tennis", true},
    {"#", "/", true},
    {"sport/tennis/+", "sport/tennis/player1", true},
    {"sport/tennis/+", "sport/tennis/player1/ranking", false},
    {"sport/+", "sport", false},
    {"sport/+", "sport/", true},
    {"+/+", "/finance", true},
    {"/+", "/finance", true},
    {"+", "/finance", false},
    {"#", "$SYS/uptime", false},
    {"+/monitor/Clients", "$SYS/monitor/Clients", false},
    {"$SYS/#", "$SYS/uptime", true},
    {"$SYS/#", "$SYS", true},
    {"$SYS/monitor/+", "$SYS/monitor/Clients", true},
    {"a/$x/#", "a/$x/y", true},
    {"a/+", "a/$x", true},
    {"ACCOUNTS", "Accounts", false},
    {"Accounts payable", "Accounts payable", true},
    {"/finance", "finance", false},
    {"a//b", "a//b", true},
    {"a/+/b", "a//b", true},
    {"a/b", "a/b/", false},
    {"a/b/", "a/b", false},
    {"a/b/#", "a", false},
    {"+", "", false},
    {"", "a", false},
    {"a", "ab", false},
    {"ab", "a", false},
    {"+/#", "a", true},
    {"+/b/#", "a/b", true},
    {"\xC3\xA4", "a\xCC\x88", false},  // no normalization
};

TEST(CodecMatcher, FollowsTheExamplesOfTheStandard) {
  for (const Match& match : match_table)
    EXPECT_EQ(matches(match.filter, match.topic), match.is_match)
        << match.filter << " : " << match.topic;
}

TEST(CodecTopicLevels, WalksEmptyLevelsToo) {
  const auto levels_of = [](std::string_view topic) {
    std::vector<std::string> all;
    TopicLevels levels(topic);
    while (const auto level = levels.next()) all.emplace_back(*level);
    return all;
  };
  EXPECT_EQ(levels_of("a//b"), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(levels_of("/"), (std::vector<std::string>{"", ""}));
  EXPECT_EQ(levels_of("a"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(levels_of(""), (std::vector<std::string>{""}));
}

}  // namespace
}  // namespace sluice::codec
