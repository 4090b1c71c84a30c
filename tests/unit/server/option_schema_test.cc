// SPDX-License-Identifier: Apache-2.0
#include "server/option_schema.h"

#include "config/load.h"
#include "config/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace sluice::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string checked_in(const std::string& name) {
  std::ifstream file(std::string(SLUICE_SOURCE_DIR) + "/docs/reference/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(OptionSchema, TheReferenceInTheTreeIsWhatTheTablesSay) {
  const config::Schema schema = option_schema();
  const char* const mend = "run: ninja reference";
  EXPECT_EQ(checked_in("options.md"), config::option_reference(schema)) << mend;
  EXPECT_EQ(checked_in("sluice.toml"), config::commented_file(schema)) << mend;
  EXPECT_EQ(checked_in("metrics.md"), config::metric_reference(metric_tables())) << mend;
}

TEST(OptionSchema, TheFileInTheTreeLoadsAsTheDefaults) {
  const config::Schema schema = option_schema();
  config::Inputs inputs;
  inputs.file_name = "sluice.toml";
  inputs.file_text = checked_in("sluice.toml");
  const config::Loaded loaded = config::load(schema, inputs);
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(config::Settings(schema).changes(loaded.settings), IsEmpty());
}

TEST(OptionSchema, AsShippedOnlyThisMachineCanConnect) {
  const AllOptions options = options_from(config::Settings(option_schema()));
  EXPECT_THAT(options.server.server.bind, ElementsAre("127.0.0.1", "::1"));
  EXPECT_EQ(options.admin.admin.bind, "127.0.0.1");
  EXPECT_EQ(options.server.server.allow_anonymous, ServerOptions::Server::Anonymous::automatic);
}

TEST(OptionSchema, AValueReachesTheStructOfItsFolder) {
  config::Inputs inputs;
  inputs.assignments = {"mqtt.receive_maximum=7", "server.port=1884", "admin.port=0",
                        "durability.mode=fsync"};
  const config::Loaded loaded = config::load(option_schema(), inputs);
  EXPECT_THAT(loaded.problems, IsEmpty());
  const AllOptions options = options_from(loaded.settings);
  EXPECT_EQ(options.core.mqtt.receive_maximum, 7U);
  EXPECT_EQ(options.server.server.port, 1884U);
  EXPECT_EQ(options.admin.admin.port, 0U);
  EXPECT_EQ(options.server.durability.mode, ServerOptions::Durability::Mode::fsync);
}

TEST(OptionSchema, NoOptionAndNoGroupStandsTwice) {
  const config::Schema schema = option_schema();
  std::set<std::string> names;
  for (const auto& option : schema.options()) {
    EXPECT_TRUE(names.insert(config::option_path(*option.row)).second);
  }
  for (const OptionGroup& group : schema.groups()) {
    EXPECT_TRUE(names.insert(std::string(group.name)).second);
  }
}

TEST(OptionSchema, EveryOptionSaysWhatItDoesInASentence) {
  const config::Schema schema = option_schema();
  for (const auto& option : schema.options()) {
    const std::string_view sentence = option.row->sentence;
    ASSERT_FALSE(sentence.empty()) << option.row->name;
    EXPECT_EQ(sentence.back(), '.') << option.row->name;
    EXPECT_EQ(sentence.find("  "), std::string_view::npos) << option.row->name;
  }
}

TEST(MetricTables, AFamilyStandsTogetherWithOneKindAndASentence) {
  std::set<std::string_view> families;
  for (const auto& table : metric_tables()) {
    const MetricRow* before = nullptr;
    for (const MetricRow& row : table) {
      if (before != nullptr && before->family == row.family) {
        EXPECT_EQ(row.kind, before->kind) << row.family;
        EXPECT_EQ(row.label, before->label) << row.family;
        EXPECT_TRUE(row.sentence.empty()) << row.family;
      } else {
        EXPECT_TRUE(families.insert(row.family).second) << row.family << " stands apart";
        EXPECT_FALSE(row.sentence.empty()) << row.family;
      }
      before = &row;
    }
  }
}

}  // namespace
}  // namespace sluice::server
