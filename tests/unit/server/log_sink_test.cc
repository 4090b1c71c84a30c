// SPDX-License-Identifier: Apache-2.0
#include "server/log_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace sluice::server {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;
using Logging = ServerOptions::Logging;

/// A sink that writes to memory at a time that the test says.
class Written {
 public:
  explicit Written(Logging options) {
    sink_.emplace(options, [this] { return now; }, out_);
  }

  LogSink& log() { return *sink_; }
  void end() { sink_.reset(); }

  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream in(out_.str());
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

  WallTime now{1'795'359'600'123'456'789};  // 2026-11-22T15:00:00.123456789Z

 private:
  std::ostringstream out_;
  std::optional<LogSink> sink_;
};

Logging plain() {
  Logging options;
  options.timestamps = false;
  return options;
}

TEST(LogSink, LinesOfTextBeginWithTheTime) {
  Written written{Logging()};
  written.log().info("server_started", {{"version", "1.2.3"}});
  ASSERT_EQ(written.lines().size(), 1U);
  EXPECT_THAT(written.lines()[0], MatchesRegex("2026-11-2[123]T[0-9][0-9]:[0-9][0-9]:00 "
                                               "sluice version 1.2.3 running."));
}

TEST(LogSink, JsonLinesHoldTheTimeInUtc) {
  Logging options;
  options.format = Logging::Format::json;
  Written written{options};
  written.log().info("server_started", {{"version", "1"}});
  EXPECT_THAT(written.lines(), ElementsAre(R"({"time":"2026-11-22T15:00:00.123Z","level":"info",)"
                                           R"("event":"server_started","version":"1"})"));
}

TEST(LogSink, WhatIsBelowTheLevelIsNotWrittenUntilAReload) {
  Written written{plain()};
  EXPECT_FALSE(written.log().is_enabled(LogLevel::debug));
  written.log().debug("first");
  Logging verbose = plain();
  verbose.level = Logging::Level::debug;
  written.log().reload(verbose);
  EXPECT_TRUE(written.log().is_enabled(LogLevel::debug));
  written.log().debug("second");
  written.log().trace("third");
  EXPECT_THAT(written.lines(), ElementsAre("second"));
}

TEST(LogSink, ConnectionMessagesCanBeTurnedOff) {
  Logging options = plain();
  options.connection_messages = false;
  Written written{options};
  written.log().info("client_disconnected", {{"client", "a"}});
  written.log().info("session_expired", {{"client", "a"}});
  EXPECT_THAT(written.lines(), ElementsAre("Session of client a expired."));
}

TEST(LogSink, LinesThatClientsCauseAreLimitedAndCounted) {
  Logging options = plain();
  options.event_lines_max = 2;
  Written written{options};
  for (int i = 0; i < 5; ++i) written.log().info("client_taken_over", {{"client", i}});
  written.log().info("server_started", {{"version", "1"}});
  EXPECT_EQ(written.lines().size(), 3U);
  EXPECT_EQ(written.log().lines_suppressed(), 3U);
  written.now = written.now + 1s;
  written.log().info("client_taken_over", {{"client", "later"}});
  EXPECT_THAT(written.lines(),
              ElementsAre("Client 0 already connected, closing old connection.",
                          "Client 1 already connected, closing old connection.",
                          "sluice version 1 running.",
                          "warning: Left out by log.event_lines_max: 3 of client_taken_over.",
                          "Client later already connected, closing old connection."));
}

TEST(LogSink, EachEventHasALimitOfItsOwnAndOwnEventsHaveNone) {
  Logging options = plain();
  options.event_lines_max = 1;
  Written written{options};
  for (int i = 0; i < 3; ++i) {
    written.log().info("client_taken_over", {{"client", "a"}});
    written.log().info("session_expired", {{"client", "a"}});
    written.log().info("listener_opened", {{"protocol", "MQTT"}, {"address", "x"}});
    written.log().info("moon_rose");
    written.log().info("sun_rose");  // shares its limit with all that have no row
  }
  EXPECT_EQ(written.lines().size(), 3U + 3U);
}

TEST(LogSink, WhatWasLeftOutIsSaidAtTheEnd) {
  Logging options = plain();
  options.event_lines_max = 1;
  Written written{options};
  for (int i = 0; i < 3; ++i) written.log().info("moon_rose");
  written.log().write_suppressed();
  EXPECT_THAT(written.lines(), ElementsAre("moon_rose"));
  written.end();
  EXPECT_THAT(
      written.lines(),
      ElementsAre("moon_rose", "warning: Left out by log.event_lines_max: 2 of other events."));
}

TEST(LogSink, AClockSetBackNeitherStopsNorFloodsTheLog) {
  Logging options = plain();
  options.event_lines_max = 1;
  Written written{options};
  written.log().info("moon_rose");
  written.now = written.now + Duration(-1h);
  written.log().info("moon_rose");
  EXPECT_EQ(written.lines().size(), 1U);
  written.now = written.now + 1s;
  written.log().info("moon_rose");
  EXPECT_THAT(
      written.lines(),
      ElementsAre("moon_rose", "warning: Left out by log.event_lines_max: 1 of other events.",
                  "moon_rose"));
}

TEST(LogSink, ThreadsDoNotMixTheirLines) {
  Logging options = plain();
  options.event_lines_max = 1'000'000;
  Written written{options};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&written] {
        for (int i = 0; i < 500; ++i) written.log().info("client_taken_over", {{"client", "abc"}});
      });
    }
  }
  const auto lines = written.lines();
  EXPECT_EQ(lines.size(), 2000U);
  for (const std::string& line : lines) {
    ASSERT_EQ(line, "Client abc already connected, closing old connection.");
  }
}

}  // namespace
}  // namespace sluice::server
