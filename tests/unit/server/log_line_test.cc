// SPDX-License-Identifier: Apache-2.0
#include "server/log_line.h"

#include "server/log_event.h"

#include <gtest/gtest.h>

namespace sluice::server {
namespace {

using namespace std::string_literals;

std::string text(std::string_view event, Log::Fields fields) {
  return text_line(LogLevel::info, event, fields, 256);
}

std::string json(std::string_view event, Log::Fields fields) {
  return json_line(LogLevel::info, event, fields, 256);
}

std::string escaped(std::string_view value, std::size_t bytes_max = 256) {
  std::string line;
  append_escaped(line, value, bytes_max);
  return line;
}

TEST(LogLine, AConnectReadsLikeMosquittos) {
  EXPECT_EQ(text("client_connected", {{"peer", "127.0.0.1:51234"},
                                      {"client", "sensor-1"},
                                      {"version", 5},
                                      {"clean", 1},
                                      {"keep_alive", 60},
                                      {"user", "anna"}}),
            "New client connected from 127.0.0.1:51234 as sensor-1 (p5, c1, k60, u'anna').");
}

TEST(LogLine, APartWithoutItsFieldIsLeftOut) {
  EXPECT_EQ(text("client_connected", {{"peer", "[::1]:9"},
                                      {"client", "a"},
                                      {"version", 4},
                                      {"clean", 0},
                                      {"keep_alive", 0},
                                      {"user", ""}}),
            "New client connected from [::1]:9 as a (p4, c0, k0).");
}

TEST(LogLine, TakeoverAndRefusalSayWhatMosquittosUsersSearchFor) {
  EXPECT_EQ(text("client_taken_over", {{"client", "a"}}),
            "Client a already connected, closing old connection.");
  EXPECT_EQ(text("connect_refused", {{"peer", "10.0.0.1:2"}, {"reason", "Not authorized"}}),
            "Connection from 10.0.0.1:2 refused: Not authorized.");
}

TEST(LogLine, ADisconnectSaysItsCauseInMosquittosWords) {
  const auto closed = [](const char* cause, const char* detail) {
    return text("client_closed",
                {{"client", "a"}, {"peer", "1.2.3.4:5"}, {"cause", cause}, {"detail", detail}});
  };
  EXPECT_EQ(text("client_disconnected", {{"client", "a"}, {"peer", "1.2.3.4:5"}}),
            "Client a disconnected.");
  EXPECT_EQ(closed("exceeded timeout", ""), "Client a has exceeded timeout, disconnecting.");
  EXPECT_EQ(closed("connection lost", ""), "Client a closed its connection.");
  EXPECT_EQ(closed("protocol error", "CONNECT twice"),
            "Client a disconnected due to protocol error: CONNECT twice.");
  EXPECT_EQ(closed("limit reached", ""), "Client a disconnected: limit reached.");
  EXPECT_EQ(closed("session taken over", "the client connected again"),
            "Client a disconnected: session taken over, the client connected again.");
}

TEST(LogLine, FieldsThatTheSentenceDoesNotNameFollowIt) {
  EXPECT_EQ(text("client_taken_over", {{"client", "a"}, {"shard", 3}, {"note", "two words"}}),
            "Client a already connected, closing old connection. shard=3 note=\"two words\"");
}

TEST(LogLine, AnEventWithoutARowIsItsNameAndFields) {
  EXPECT_EQ(text("moon_rose", {{"phase", 0.5}, {"over", "hill"}, {"count", -2}}),
            "moon_rose phase=0.5 over=hill count=-2");
  EXPECT_EQ(text("moon_rose", {}), "moon_rose");
}

TEST(LogLine, WhatIsWorseThanInfoSaysSo) {
  EXPECT_EQ(text_line(LogLevel::warn, "moon_rose", {}, 256), "warning: moon_rose");
  EXPECT_EQ(text_line(LogLevel::error, "moon_rose", {}, 256), "error: moon_rose");
  EXPECT_EQ(text_line(LogLevel::debug, "moon_rose", {}, 256), "moon_rose");
}

TEST(LogLine, AClientCannotForgeALineOrAQuote) {
  EXPECT_EQ(text("client_taken_over", {{"client", "a\nClient b disconnected."}}),
            "Client a\\x0aClient b disconnected. already connected, closing old connection.");
  EXPECT_EQ(escaped("it's \"so\" \\"), R"(it\'s \"so\" \\)");
}

TEST(LogLine, WhatATerminalWouldObeyIsEscaped) {
  EXPECT_EQ(escaped("\x1b[31m\x7f\0"s + "\xc2\x9b" + "2J"), "\\x1b[31m\\x7f\\x00\\xc2\\x9b2J");
}

TEST(LogLine, Utf8StaysAndWhatIsNoneIsEscaped) {
  EXPECT_EQ(escaped("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(escaped("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80");
  EXPECT_EQ(escaped("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(escaped("\xc0\x80"), "\\xc0\\x80");
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(escaped("\xe0\x80\x80"), "\\xe0\\x80\\x80");
}

TEST(LogLine, TextIsCutBetweenCharacters) {
  EXPECT_EQ(escaped("abcdef", 6), "abcdef");
  EXPECT_EQ(escaped("abcdefg", 6), "abcdef...");
  EXPECT_EQ(escaped("abcde\xc3\xbc", 6), "abcde...");
  EXPECT_EQ(text("client_taken_over", {{"client", std::string(1000, 'x')}}).size(),
            std::string("Client  already connected, closing old connection.").size() + 259);
}

TEST(LogLine, AJsonLineIsOneObjectWithItsTypesKept) {
  EXPECT_EQ(json("client_connected", {{"client", "a"}, {"keep_alive", 60}, {"load", 0.5}}),
            R"({"level":"info","event":"client_connected","client":"a","keep_alive":60,)"
            R"("load":0.5})");
}

TEST(LogLine, AJsonLineEscapesAndCuts) {
  EXPECT_EQ(json_line(LogLevel::warn, "e", {{"t", "a\"\n\x1b\xc3\xbc\xff"}}, 256),
            R"({"level":"warn","event":"e","t":"a\"\n\u001b\u00fc\ufffd"})");
  EXPECT_EQ(json_line(LogLevel::warn, "e", {{"t", "abcde\xc3\xbc"}}, 6),
            R"({"level":"warn","event":"e","t":"abcde..."})");
}

void expect_pairs(std::string_view sentence) {
  int braces = 0;
  int brackets = 0;
  for (const char c : sentence) {
    braces += c == '{' ? 1 : c == '}' ? -1 : 0;
    brackets += c == '[' ? 1 : c == ']' ? -1 : 0;
    ASSERT_TRUE(braces == 0 || braces == 1) << sentence;
    ASSERT_TRUE(brackets == 0 || brackets == 1) << sentence;
  }
  EXPECT_EQ(braces, 0) << sentence;
  EXPECT_EQ(brackets, 0) << sentence;
}

TEST(LogEvents, EverySentenceHasItsBracesAndBracketsInPairs) {
  for (const LogEvent& event : log_events()) expect_pairs(event.sentence);
  for (const LogEventIf& event : log_events_if()) expect_pairs(event.sentence);
}

TEST(LogEvents, ASentenceForACauseHasAnEvent) {
  for (const LogEventIf& event : log_events_if()) {
    EXPECT_NE(find_log_event(event.name), nullptr) << event.name;
  }
}

}  // namespace
}  // namespace sluice::server
