// SPDX-License-Identifier: Apache-2.0
#include "cli/flags/flag_parser.h"

#include "cli/commands/pub_flags.h"
#include "cli/commands/sub_flags.h"
#include "cli/flags/help.h"
#include "cli/flags/option_file.h"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

using Words = std::vector<std::string>;

Parsed<ParsedFlags> parse_pub(const Words& words) { return parse_flags(*pub_flags(), words); }
Parsed<ParsedFlags> parse_sub(const Words& words) { return parse_flags(*sub_flags(), words); }

std::string error_of(const Words& words) {
  const auto parsed = parse_pub(words);
  return parsed ? std::string() : parsed.error().text;
}

TEST(FlagParser, ShortAndLongSpellingsMeanTheSame) {
  for (const Words& words :
       {Words{"-t", "a/b", "-q", "2", "-r"}, Words{"--topic", "a/b", "--qos", "2", "--retain"},
        Words{"--topic=a/b", "-q2", "-r"}, Words{"-rt", "a/b", "-q", "2"}}) {
    const auto parsed = parse_pub(words);
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(parsed->text("topic"), "a/b");
    EXPECT_EQ(parsed->integer("qos", 0), 2);
    EXPECT_TRUE(parsed->has("retain"));
  }
}

TEST(FlagParser, LastValueCountsAndListsKeepAll) {
  const auto pub = parse_pub({"-t", "a", "-t", "b"});
  ASSERT_TRUE(pub);
  EXPECT_EQ(pub->text("topic"), "b");
  const auto sub = parse_sub({"-t", "a", "-v", "-t", "b"});
  ASSERT_TRUE(sub);
  EXPECT_EQ(sub->list("topic"), (Words{"a", "b"}));
}

TEST(FlagParser, ValuesThatLookLikeFlagsAreValues) {
  const auto parsed = parse_pub({"-m", "-5", "-t", "--topic", "-i", "[1,2]", "-u", ""});
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->text("message"), "-5");
  EXPECT_EQ(parsed->text("topic"), "--topic");
  EXPECT_EQ(parsed->text("id"), "[1,2]");
  EXPECT_TRUE(parsed->has("username"));
  EXPECT_EQ(parsed->text("username"), "");
}

TEST(FlagParser, WordsWithoutAFlagKeepTheirOrder) {
  const auto parsed = parse_pub({"topic", "-q", "1", "-5", "--", "-x"});
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->words(), (Words{"topic", "-5", "-x"}));
}

TEST(FlagParser, PropertiesTakeThreeOrFourWords) {
  const auto parsed = parse_pub({"-D", "PUBLISH", "content-type", "text/plain", "-D", "connect",
                                 "user-property", "k", "-D", "-r"});
  ASSERT_TRUE(parsed) << parsed.error().text;
  ASSERT_EQ(parsed->properties().size(), 2U);
  EXPECT_EQ(parsed->properties()[0].command, "publish");
  EXPECT_EQ(parsed->properties()[0].value, "text/plain");
  EXPECT_EQ(parsed->properties()[1].value, "k");
  EXPECT_EQ(parsed->properties()[1].second, "-D");
  EXPECT_TRUE(parsed->has("retain"));
}

TEST(FlagParser, ErrorsSayWhatIsAllowed) {
  EXPECT_EQ(error_of({"--bogus"}), "unknown option '--bogus'");
  EXPECT_EQ(error_of({"--tpoic=a"}), "unknown option '--tpoic=a'; did you mean --topic?");
  EXPECT_EQ(error_of({"--keep", "5"}), "unknown option '--keep'; did you mean --keepalive?");
  EXPECT_EQ(error_of({"-z"}), "unknown option '-z'");
  EXPECT_EQ(error_of({"-q", "3"}), "-q/--qos 3: a number from 0 to 2 is needed");
  EXPECT_EQ(error_of({"-q", "x"}), "-q/--qos x: a number from 0 to 2 is needed");
  EXPECT_EQ(error_of({"-p", "70000"}), "-p/--port 70000: a number from 1 to 65535 is needed");
  EXPECT_EQ(error_of({"-t"}), "-t needs a value: TOPIC");
  EXPECT_EQ(error_of({"-D", "publish", "content-type"}),
            "-D needs COMMAND NAME VALUE, or COMMAND user-property NAME VALUE");
}

TEST(FlagTable, NamesAndLettersAreUnique) {
  for (const FlagTable* table : {pub_flags(), sub_flags()}) {
    for (const FlagGroup& group : table->groups) {
      for (const Flag& flag : group.flags) {
        EXPECT_FALSE(flag.name.empty());
        EXPECT_FALSE(flag.sentence.empty()) << flag.name;
        EXPECT_EQ(find_flag(*table, flag.name), &flag);
        if (flag.letter != '\0') {
          EXPECT_EQ(find_flag(*table, flag.letter), &flag) << flag.name;
        }
        EXPECT_EQ(takes_value(flag), !flag.value.empty()) << flag.name;
      }
    }
  }
}

TEST(Help, NamesEveryFlag) {
  for (const FlagTable* table : {pub_flags(), sub_flags()}) {
    const std::string text = help_text(*table, "sluice x");
    for (const FlagGroup& group : table->groups) {
      for (const Flag& flag : group.flags) {
        EXPECT_NE(text.find("--" + std::string(flag.name)), std::string::npos) << flag.name;
      }
    }
  }
}

TEST(OptionFile, LinesAreAFlagAndTheRestAsItsValue) {
  EXPECT_EQ(option_file_words("# a comment\n-h example.org\n-m hello world\n-r\n\n--qos 1\r\n"
                              "-D publish user-property k v w\n-D publish content-type a b"),
            (Words{"-h", "example.org", "-m", "hello world", "-r", "--qos", "1", "-D", "publish",
                   "user-property", "k", "v w", "-D", "publish", "content-type", "a b"}));
}

TEST(OptionFile, StandsWhereTheDesktopKeepsConfigurations) {
  EXPECT_EQ(option_file_path("mosquitto_pub", "/x", "/home/a"), "/x/mosquitto_pub");
  EXPECT_EQ(option_file_path("mosquitto_pub", "", "/home/a"), "/home/a/.config/mosquitto_pub");
  EXPECT_EQ(option_file_path("mosquitto_pub", "", ""), "");
}

TEST(OptionFile, MissingFileHasNoWords) {
  const auto words = read_option_file("/nonexistent/mosquitto_pub", OptionFile::usual);
  ASSERT_TRUE(words);
  EXPECT_TRUE(words->empty());
}

}  // namespace
}  // namespace sluice::cli
