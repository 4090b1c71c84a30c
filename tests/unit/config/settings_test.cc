// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include "config/near_name.h"
#include "config/reference.h"
#include "tests/unit/config/sample_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> lines(const std::vector<Change>& changes) {
  std::vector<std::string> texts;
  for (const Change& change : changes) texts.push_back(to_string(change));
  return texts;
}

TEST(Settings, TheEffectiveFileSaysWhereEachValueCameFrom) {
  Inputs inputs{.file_name = "a\nb.toml",
                .file_text = "[sample]\ntimeout = \"2m\"\n",
                .environment = {"SLUICE__SAMPLE__FACTOR=3"},
                .assignments = {"sample.name=x\ny", "other.port=0"}};
  const Loaded loaded = load(sample_schema(), inputs);
  EXPECT_EQ(loaded.settings.effective_file(),
            "[sample]\n"
            "enabled = true  # default\n"
            "messages_max = 1000  # default\n"
            "factor = 3.0  # SLUICE__SAMPLE__FACTOR\n"
            "packet_bytes_max = \"64KiB\"  # default\n"
            "timeout = \"2m\"  # a?b.toml:2\n"
            "name = \"x\\u000ay\"  # --set sample.name\n"
            "bind = [\"127.0.0.1\", \"::1\"]  # default\n"
            "anonymous = \"auto\"  # default\n"
            "\n"
            "[other]\n"
            "port = 0  # --set other.port\n");
}

TEST(Settings, TheEffectiveFileLoadsAsTheSameValues) {
  const Loaded first = load_sample("[sample]\nfactor = 2.25\nname = \"a\\\\\\\"\\u007f\"\n");
  ASSERT_THAT(first.problems, IsEmpty());
  const Loaded second = load_sample(first.settings.effective_file());
  EXPECT_THAT(second.problems, IsEmpty());
  EXPECT_THAT(first.settings.changes(second.settings), IsEmpty());
}

TEST(Settings, AReloadTellsWhatChangedAndWhatNeedsARestart) {
  const Loaded before = load_sample("[sample]\nmessages_max = 10\n");
  const Loaded after = load_sample("[sample]\ntimeout = \"5s\"\nanonymous = false\n");
  EXPECT_THAT(lines(before.settings.changes(after.settings)),
              ElementsAre("sample.messages_max: 10 -> 1000",
                          "sample.timeout: \"10s\" -> \"5s\" (needs a restart)",
                          "sample.anonymous: \"auto\" -> false"));
}

TEST(Settings, AReloadTakesOverOnlyWhatMayChangeWhileRunning) {
  const Loaded before = load_sample("[other]\nport = 1\n[sample]\nmessages_max = 10\n");
  const Loaded after = load_sample("[other]\nport = 2\n[sample]\nmessages_max = 20\n");
  const SampleOptions options = options_of(before.settings.reloaded(after.settings));
  EXPECT_EQ(options.other.port, 1U);
  EXPECT_EQ(options.sample.messages_max, 20U);
}

TEST(Settings, EqualSettingsHaveNoChanges) {
  EXPECT_THAT(load_sample("").settings.changes(load_sample("[sample]\nfactor=1.5\n").settings),
              IsEmpty());
}

TEST(Reference, TheCommentedFileLoadsAsTheDefaultsAlsoOnceUncommented) {
  const std::string file = commented_file(sample_schema());
  const Loaded commented = load_sample(file);
  EXPECT_THAT(config::lines(commented.problems), IsEmpty());
  std::string uncommented;
  for (std::size_t i = 0; i < file.size(); ++i) {
    const bool starts_line = i == 0 || file[i - 1] == '\n';
    if (!(starts_line && file[i] == '#' && file[i + 1] != ' ')) uncommented += file[i];
  }
  const Loaded loaded = load_sample(uncommented);
  EXPECT_THAT(config::lines(loaded.problems), IsEmpty());
  EXPECT_THAT(Settings(sample_schema()).changes(loaded.settings), IsEmpty());
  EXPECT_THAT(loaded.settings.effective_file(), Not(HasSubstr("default")));
}

TEST(Reference, ThePageNamesEveryOptionWithItsDefaultRangeAndVariable) {
  const std::string page = option_reference(sample_schema());
  EXPECT_THAT(page, HasSubstr("| `sample.messages_max` | `1000` | 1 to 65535 messages | at a "
                              "reload | 0.1.0 | A number. |\n"));
  EXPECT_THAT(page, HasSubstr("A text \\| with a bar."));
  EXPECT_THAT(page, HasSubstr("| `SLUICE__OTHER__PORT` | `other.port` |"));
}

TEST(NearName, CountsEditsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("receive", "recieve"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("same", "same"), 0U);
}

TEST(NearName, WhatIsTooFarIsNotSuggested) {
  const std::vector<std::string> names{"sample.enabled", "other.port"};
  EXPECT_EQ(nearest_name("other.prot", names), "other.port");
  EXPECT_EQ(nearest_name("completely.different", names), "");
}

}  // namespace
}  // namespace sluice::config
