// SPDX-License-Identifier: Apache-2.0
#include "cli/recording/recording_format.h"

#include "cli/mqtt/property_arguments.h"
#include "cli/output/base64.h"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

std::vector<RecordedMessage> samples() {
  PropertyList properties;
  properties.add_text(codec::PropertyId::content_type, "text/plain");
  properties.add_text(codec::PropertyId::correlation_data, std::string_view("\0\xFF", 2));
  properties.add_number(codec::PropertyId::message_expiry_interval, 77);
  properties.add_pair("k", "v");
  properties.add_pair("k", "w");
  return {{.time = {1'700'000'000'123'456'789},
           .qos = codec::Qos::exactly_once,
           .retain = true,
           .topic = "a/ü",
           .payload = std::string("\xFF\0\n{", 4),
           .properties = properties.bytes()},
          {.time = {-5}, .qos = {}, .retain = false, .topic = "b", .payload = "", .properties = {}},
          {.time = {7},
           .qos = codec::Qos::at_least_once,
           .retain = false,
           .topic = "c",
           .payload = "line\nline",
           .properties = {}}};
}

std::string file_of(RecordingForm form) {
  std::string file = recording_header(form);
  for (const RecordedMessage& message : samples()) append_recorded(message, form, file);
  return file;
}

struct Read {
  std::vector<RecordedMessage> messages;
  std::string problem;
};

Read read(std::string_view file, std::size_t step) {
  RecordingReader reader;
  Read out;
  for (;;) {
    const auto message = reader.next();
    if (!message) {
      out.problem = message.error().detail;
      return out;
    }
    if (*message) {
      out.messages.push_back(**message);
      continue;
    }
    if (file.empty()) {
      reader.end();
      const auto last = reader.next();
      if (!last) out.problem = last.error().detail;
      if (last && *last) out.messages.push_back(**last);
      return out;
    }
    const std::size_t size = std::min(step, file.size());
    reader.feed(as_bytes(file.substr(0, size)));
    file.remove_prefix(size);
  }
}

TEST(RecordingFormat, WhatIsWrittenIsReadAgainHoweverItIsCut) {
  for (const auto form : {RecordingForm::binary, RecordingForm::json}) {
    for (const std::size_t step : {1U, 3U, 7U, 100'000U}) {
      const Read got = read(file_of(form), step);
      EXPECT_EQ(got.problem, "");
      EXPECT_EQ(got.messages, samples());
    }
  }
}

TEST(RecordingFormat, EachDamagedByteIsFound) {
  const std::string file = file_of(RecordingForm::binary);
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_NE(read(damaged, 100'000).problem, "") << at;
  }
}

TEST(RecordingFormat, FileThatEndsTooSoonGivesWhatWasWhole) {
  const std::string file = file_of(RecordingForm::binary);
  const Read got = read(file.substr(0, file.size() - 1), 100'000);
  EXPECT_EQ(got.messages.size(), 2U);
  EXPECT_EQ(got.problem, "the file ends within a message");
  EXPECT_EQ(read(file.substr(0, 5), 1).problem, "the file ends in its head");
  EXPECT_EQ(read("", 1).problem, "");
}

TEST(RecordingFormat, LineThatIsNoMessageIsRefused) {
  for (const char* line :
       {"x", "[]", "{}", R"({"topic": "a/#"})", R"({"topic": "a", "qos": 3})",
        R"({"topic": "a", "retain": 1})", R"({"topic": "a", "payload_base64": "?"})",
        R"({"topic": "a", "payload_base64": "YQ"})", R"({"topic": "a", "properties": {"x": 1}})",
        R"({"topic": "a", "properties": {"content_type": 1}})",
        R"({"topic": "a", "properties": {"topic_alias": 0}})",
        R"({"topic": "a", "properties": {"user_property": [["a"]]}})"}) {
    EXPECT_NE(read(line, 100).problem, "") << line;
  }
  EXPECT_EQ(read("\n {\"topic\": \"a\", \"payload\": [1, 2]}", 100).messages.at(0).payload,
            "[1,2]");
}

TEST(RecordingFormat, ChecksumIsTheCommonOne) { EXPECT_EQ(crc32("123456789"), 0xCBF4'3926U); }

TEST(Base64, OnlyTheExactFormIsRead) {
  for (const char* text : {"", "a", "ab", "abc", "abcd"}) {
    EXPECT_EQ(bytes_of_base64(base64(as_bytes(text))), text);
  }
  for (const char* text : {"A", "QQ", "QQ=", "QR==", "QQ==QQ==", "Q Q=", "====", "QUI"}) {
    EXPECT_FALSE(bytes_of_base64(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace sluice::cli
