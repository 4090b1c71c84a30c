// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/scene.h"

#include "cli/simulate/simulator.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::cli {
namespace {

std::string problem(std::string_view text) {
  const auto scene = parse_scene(text);
  return scene ? std::string() : scene.error().text;
}

TEST(Scene, EachCombinationOfNamesIsADevice) {
  const auto scene = parse_scene(R"({
    "names": {"site": ["n", "s"], "pump": {"prefix": "p", "count": 3}},
    "streams": [{"topic": "{site}/{pump}/{site}", "value": {"walk": [1, 2]}}]})");
  ASSERT_TRUE(scene.has_value()) << scene.error().text;
  std::set<std::string> topics;
  for (std::size_t at = 0; at < scene->devices(); ++at) {
    topics.insert(scene->topic(scene->streams[0], at));
  }
  EXPECT_EQ(topics,
            (std::set<std::string>{"n/p1/n", "n/p2/n", "n/p3/n", "s/p1/s", "s/p2/s", "s/p3/s"}));
}

TEST(Scene, WhatIsWrongIsSaidWithItsPlace) {
  const std::string stream = R"({"streams": [{"topic": "a", "value": )";
  EXPECT_EQ(problem("[]"), "the scene: it is no JSON object");
  EXPECT_EQ(problem(R"({"stream": []})"),
            "the scene: the file has no 'stream'; it has description, names, streams");
  EXPECT_EQ(problem(R"({"streams": []})"), "the scene: 'streams' is a list of 1 to 64 objects");
  EXPECT_EQ(problem(stream + R"({"wave": [2, 1]}}]})"),
            "the scene: stream 1, value '': a range is [lowest, highest]");
  EXPECT_EQ(problem(stream + R"({"wawe": [1, 2]}}]})"),
            "the scene: stream 1, value '' has no 'wawe'; it has wave, walk, counter, step, noise, "
            "period_s, digits");
  EXPECT_NE(problem(stream + R"({"step": 1}}]})"), "");
  EXPECT_NE(problem(stream + R"({"choice": []}}]})"), "");
  EXPECT_NE(problem(R"({"streams": [{"topic": "a/{b}", "value": {"walk": [1, 2]}}]})"), "");
  EXPECT_NE(problem(R"({"streams": [{"topic": "a/#", "value": {"walk": [1, 2]}}]})"), "");
  EXPECT_NE(problem(R"({"names": {"x": {"count": 2000000}}, "streams": []})"), "");
}

TEST(Scene, BuiltInOnesAreGood) {
  for (const BuiltInScene& scene : built_in_scenes()) EXPECT_EQ(problem(scene.text), "");
}

TEST(SceneSource, SameSeedGivesTheSameMessagesInOrderOfTime) {
  const auto scene = parse_scene(built_in_scenes()[0].text);
  SceneSource one(*scene, 7);
  SceneSource same(*scene, 7);
  SceneSource other(*scene, 8);
  Duration last{};
  bool is_different = false;
  for (int at = 0; at < 500; ++at) {
    const auto message = one.next();
    const auto again = same.next();
    EXPECT_EQ(message.payload, again.payload);
    EXPECT_EQ(message.topic, again.topic);
    EXPECT_GE(message.due, last);
    last = message.due;
    is_different = is_different || other.next().payload != message.payload;
  }
  EXPECT_TRUE(is_different);
}

TEST(SceneSource, SignalsStayInTheirRange) {
  const auto scene = parse_scene(R"({"streams": [
    {"topic": "walk", "value": {"walk": [1, 2], "step": 5, "digits": 3}},
    {"topic": "wave", "value": {"wave": [10, 20], "period_s": 7, "digits": 3}},
    {"topic": "choice", "value": {"choice": ["on", "off"]}}]})");
  SceneSource source(*scene, 1);
  std::set<std::string> choices;
  for (int at = 0; at < 3'000; ++at) {
    const auto message = source.next();
    if (message.topic == "choice") {
      choices.insert(message.payload);
      continue;
    }
    const double value = std::stod(message.payload);
    EXPECT_GE(value, message.topic == "walk" ? 1 : 10);
    EXPECT_LE(value, message.topic == "walk" ? 2 : 20);
  }
  EXPECT_EQ(choices, (std::set<std::string>{"on", "off"}));
}

}  // namespace
}  // namespace sluice::cli
