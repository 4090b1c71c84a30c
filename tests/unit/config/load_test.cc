// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include "config/toml_text.h"
#include "tests/unit/config/sample_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Anonymous = SampleOptions::Sample::Anonymous;

TEST(Load, NothingGivenMeansTheDefaults) {
  const Loaded loaded = load_sample("");
  EXPECT_THAT(lines(loaded.problems), IsEmpty());
  const SampleOptions options = options_of(loaded.settings);
  EXPECT_TRUE(options.sample.enabled);
  EXPECT_EQ(options.sample.messages_max, 1000U);
  EXPECT_EQ(options.sample.factor, 1.5);
  EXPECT_EQ(options.sample.packet_bytes_max, 65536U);
  EXPECT_EQ(options.sample.timeout, 10s);
  EXPECT_EQ(options.sample.name, "a \"b\"");
  EXPECT_THAT(options.sample.bind, ElementsAre("127.0.0.1", "::1"));
  EXPECT_EQ(options.sample.anonymous, Anonymous::automatic);
  EXPECT_EQ(options.other.port, 1883U);
}

TEST(Load, AFileSetsEveryTypeOfOption) {
  const Loaded loaded = load_sample(R"(
other.port = 1884
[sample]
enabled = false
messages_max = 0x10
factor = 2
packet_bytes_max = "1KiB"
timeout = "1m30s"
name = "n"
bind = ["0.0.0.0", "::"]
anonymous = true
)");
  EXPECT_THAT(lines(loaded.problems), IsEmpty());
  const SampleOptions options = options_of(loaded.settings);
  EXPECT_FALSE(options.sample.enabled);
  EXPECT_EQ(options.sample.messages_max, 16U);
  EXPECT_EQ(options.sample.factor, 2.0);
  EXPECT_EQ(options.sample.packet_bytes_max, 1024U);
  EXPECT_EQ(options.sample.timeout, 90s);
  EXPECT_EQ(options.sample.name, "n");
  EXPECT_THAT(options.sample.bind, ElementsAre("0.0.0.0", "::"));
  EXPECT_EQ(options.sample.anonymous, Anonymous::yes);
  EXPECT_EQ(options.other.port, 1884U);
}

TEST(Load, ShortFormsOfASizeAListAndAWordAreTaken) {
  const Loaded loaded =
      load_sample("[sample]\npacket_bytes_max = 512\nbind = \"::\"\nanonymous = \"auto\"\n");
  EXPECT_THAT(lines(loaded.problems), IsEmpty());
  const SampleOptions options = options_of(loaded.settings);
  EXPECT_EQ(options.sample.packet_bytes_max, 512U);
  EXPECT_THAT(options.sample.bind, ElementsAre("::"));
}

TEST(Load, TheEnvironmentOverridesTheFileAndTheCommandLineBoth) {
  Inputs inputs{.file_name = "f",
                .file_text = "[sample]\nmessages_max = 1\nfactor = 2.0\n",
                .environment = {},
                .assignments = {}};
  inputs.environment = {"PATH=/bin", "SLUICE__SAMPLE__MESSAGES_MAX=2",
                        "SLUICE__SAMPLE__BIND=::, 10.0.0.1", "SLUICE_LOG=x"};
  inputs.assignments = {"sample.messages_max=3", "sample.name=a=b"};
  const Loaded loaded = load(sample_schema(), inputs);
  EXPECT_THAT(lines(loaded.problems), IsEmpty());
  const SampleOptions options = options_of(loaded.settings);
  EXPECT_EQ(options.sample.messages_max, 3U);
  EXPECT_EQ(options.sample.factor, 2.0);
  EXPECT_THAT(options.sample.bind, ElementsAre("::", "10.0.0.1"));
  EXPECT_EQ(options.sample.name, "a=b");
}

TEST(Load, EveryMistakeIsReportedWithItsPlaceAndWhatIsAllowed) {
  Inputs inputs{.file_name = "sluice.toml",
                .file_text =
                    "[sample]\n"
                    "mesages_max = 5\n"
                    "messages_max = 70000\n"
                    "timeout = 5\n"
                    "enabled = \"yes\"\n"
                    "anonymous = \"maybe\"\n"
                    "name = \"far too long\"\n"
                    "packet_bytes_max = \"2MiB\"\n"
                    "bind = []\n"
                    "factor = 0.5\n",
                .environment = {"SLUICE__OTHER__PORT=http"},
                .assignments = {"other.prot=1", "nonsense"}};
  const Loaded loaded = load(sample_schema(), inputs);
  EXPECT_THAT(
      lines(loaded.problems),
      ElementsAre(
          "sluice.toml:2: unknown option \"sample.mesages_max\"; did you mean sample.messages_max?",
          "sluice.toml:3: sample.messages_max: out of range: allowed is 1 to 65535 messages",
          HasSubstr("sluice.toml:4: sample.timeout: write a time with its unit"),
          "sluice.toml:5: sample.enabled: is a text: allowed is true or false",
          "sluice.toml:6: sample.anonymous: allowed is auto, true or false",
          "sluice.toml:7: sample.name: out of range: allowed is a text of 1 to 8 bytes",
          "sluice.toml:8: sample.packet_bytes_max: out of range: allowed is 256B to 1MiB",
          "sluice.toml:9: sample.bind: out of range: allowed is 1 to 3 addresses",
          "sluice.toml:10: sample.factor: out of range: allowed is 1.0 to 10.0",
          "SLUICE__OTHER__PORT: other.port: allowed is 0 to 65535",
          "--set other.prot: unknown option \"other.prot\"; did you mean other.port?",
          "--set nonsense: allowed is --set GROUP.NAME=VALUE"));
}

TEST(Load, ValuesOfAnotherKindAreRefused) {
  const Loaded loaded = load_sample(
      "[sample]\n"
      "messages_max = \"5\"\n"
      "packet_bytes_max = -1\n"
      "name = 5\n"
      "bind = [1, 2]\n"
      "factor = nan\n"
      "timeout = 2020-01-01\n"
      "anonymous = 1.5\n"
      "enabled = { a = 1 }\n");
  EXPECT_THAT(lines(loaded.problems),
              ElementsAre(HasSubstr("sample.messages_max: is a text"),
                          HasSubstr("sample.packet_bytes_max: out of range"),
                          HasSubstr("sample.name: is a number"),
                          HasSubstr("sample.bind: is a list of something other than texts"),
                          HasSubstr("sample.factor: out of range"),
                          HasSubstr("sample.timeout: is a date or time"),
                          HasSubstr("sample.anonymous: is a number with a fraction"),
                          HasSubstr("unknown option \"sample.enabled.a\"")));
}

TEST(Load, AnUnknownGroupIsAMistakeEvenIfItIsEmpty) {
  const Loaded loaded = load_sample("[sample]\n[smaple]\n[nothing.like.it]\n");
  EXPECT_THAT(lines(loaded.problems), ElementsAre(HasSubstr("sluice.toml:2: unknown option"),
                                                  HasSubstr("sluice.toml:3: unknown option")));
}

TEST(Load, ANameInTheWrongGroupIsFound) {
  const Loaded loaded = load_sample("[other]\nmessages_max = 5\n");
  EXPECT_THAT(lines(loaded.problems), ElementsAre(HasSubstr("did you mean sample.messages_max?")));
}

TEST(Load, AFileThatIsNoTomlIsReportedWithItsLine) {
  const Loaded loaded = load_sample("[sample]\nmessages_max = \n");
  ASSERT_EQ(loaded.problems.size(), 1U);
  EXPECT_EQ(loaded.problems[0].place, "sluice.toml:2");
}

TEST(Load, WhatIsNoTomlIsAMistakeAndNotTheEndOfTheProcess) {
  for (const char* file : {"[{sample]\n", "[[!]]\n", "[", "[[", "[ [a]]", "[a.{]", "[]", "a.! = 1",
                           "a = 1 \xcd\x8b", "\xcd\x8b = 1", "[\xc3\xbc]", "a = \xe2\x82\xac"}) {
    EXPECT_EQ(load_sample(file).problems.size(), 1U) << file;
  }
}

TEST(Load, AFileThatIsTooLargeIsRefused) {
  const Loaded loaded = load_sample(std::string(file_bytes_max + 1, '#'));
  EXPECT_EQ(loaded.problems.size(), 1U);
}

TEST(Load, TheSameKeyTwiceIsAMistake) {
  EXPECT_EQ(load_sample("[sample]\nfactor = 1.0\nfactor = 2.0\n").problems.size(), 1U);
}

}  // namespace
}  // namespace sluice::config
