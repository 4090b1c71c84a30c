// SPDX-License-Identifier: Apache-2.0
// Logged records as bytes: each comes back as it was written, and nothing else is taken for one.
#include "core/state/record_codec.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

namespace sluice::core {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Each field as text, by name.
struct TextArchive {
  std::string text{};

  void add(const char* name, const std::string& value) {
    text += std::string(name) + "=" + value + ";";
  }
  template <class Number>
    requires std::is_integral_v<Number>
  void operator()(const char* name, Number value) {
    add(name, std::to_string(value));
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void operator()(const char* name, Enum value) {
    add(name, std::to_string(static_cast<int>(value)));
  }
  void operator()(const char* name, codec::SubscriptionOptions value) {
    add(name, std::to_string(value.to_byte()));
  }
  void operator()(const char* name, WallTime value) { add(name, std::to_string(value.ns)); }
  void operator()(const char* name, logged::Ago value) {
    add(name, std::to_string(value.value.count()));
  }
  void operator()(const char* name, std::string_view value) { add(name, std::string(value)); }
  void operator()(const char* name, ByteView value) { add(name, std::string(as_text(value))); }
  void operator()(const char* name, std::span<const std::uint32_t> value) {
    std::string list;
    for (const std::uint32_t each : value) list += std::to_string(each) + ",";
    add(name, list);
  }
};

template <class Record>
std::string text_of(const Record& record) {
  TextArchive archive;
  archive.add("kind", logged::name_of(Record::kind));
  fields(archive, const_cast<Record&>(record));
  return archive.text;
}

std::string text_of(const logged::Record& record) {
  return std::visit([](const auto& each) { return text_of(each); }, record);
}

// Written and read again; every cut of it is refused, and so is a kind with bytes to spare.
template <class Record>
void expect_round_trip(const Record& record) {
  Bytes bytes;
  append_record(bytes, record);
  RecordReader reader(bytes);
  const auto read = reader.next();
  ASSERT_TRUE(read.has_value()) << read.error().detail;
  ASSERT_TRUE(read->has_value());
  EXPECT_EQ(text_of(**read), text_of(record));
  EXPECT_EQ(reader.offset(), bytes.size());
  const auto end = reader.next();
  ASSERT_TRUE(end.has_value());
  EXPECT_FALSE(end->has_value());
  for (std::size_t size = 1; size < bytes.size(); ++size)
    EXPECT_FALSE(RecordReader(ByteView(bytes).first(size)).next().has_value()) << size;
}

constexpr std::uint64_t large = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t large_32 = std::numeric_limits<std::uint32_t>::max();

TEST(RecordCodec, EveryRecordComesBackAsItWasWritten) {
  const std::array<std::uint32_t, 3> ids{1, 268'435'455, 7};
  const std::string payload(300, 'x');
  expect_round_trip(logged::BatchBegun{WallTime{1'800'000'000'123'456'789}});
  expect_round_trip(logged::RunStarted{});
  expect_round_trip(logged::Message{.topic = "a/b",
                                    .properties = as_bytes("pp"),
                                    .payload = as_bytes(payload),
                                    .qos = codec::Qos::exactly_once,
                                    .retain = true,
                                    .expiry_s = 77,
                                    .received = {Duration(-5)}});
  expect_round_trip(logged::Message{.topic = "t",
                                    .properties = {},
                                    .payload = {},
                                    .expiry_s = MessageFields::no_expiry,
                                    .received = {}});
  expect_round_trip(logged::SessionCreated{large, "client"});
  expect_round_trip(logged::SessionAttached{1, codec::Version::v5, large_32});
  expect_round_trip(logged::SessionDetached{300, 60, {Duration(86'400s)}});
  expect_round_trip(logged::SessionEnded{16'384});
  expect_round_trip(logged::WillSet{1, 2, 3});
  expect_round_trip(logged::Subscribed{1,
                                       "$share/g/a/+",
                                       {.qos = codec::Qos::exactly_once,
                                        .no_local = false,
                                        .retain_as_published = true,
                                        .retain_handling = codec::RetainHandling::do_not_send},
                                       5});
  expect_round_trip(logged::Unsubscribed{1, "a/#"});
  expect_round_trip(logged::SharedTurnTaken{300, "$share/g/a/+", {Duration(-7)}});
  expect_round_trip(logged::Queued{.session = 1,
                                   .message = 2,
                                   .qos = codec::Qos::at_least_once,
                                   .retain = true,
                                   .is_shared = true,
                                   .subscription_ids = ids});
  expect_round_trip(logged::Queued{.session = 1, .message = 2, .subscription_ids = {}});
  expect_round_trip(logged::DeliveryBegun{9});
  expect_round_trip(logged::QueueFrontDropped{9});
  expect_round_trip(logged::DeliveryAcknowledged{9, 65535, record::AckKind::pubcomp});
  expect_round_trip(logged::PacketIdReceived{9, 1});
  expect_round_trip(logged::PacketIdReleased{9, 128});
  expect_round_trip(logged::RetainedSet{1});
  expect_round_trip(logged::RetainedCleared{"a"});
  expect_round_trip(logged::OutboxSent{.target = 3,
                                       .sequence = large,
                                       .message = 1,
                                       .shared = "$share/g/a",
                                       .is_for_subscribers = true,
                                       .is_to_retain = true});
  expect_round_trip(logged::OutboxApplied{1, 300});
  expect_round_trip(logged::OutboxConfirmed{2, 1});
}

const char* fault_of(const Bytes& bytes) {
  const auto read = RecordReader(bytes).next();
  return read ? "none" : read.error().detail;
}

TEST(RecordCodec, WhatNoWriterMakesIsRefused) {
  EXPECT_STREQ(fault_of({0}), "a record of a kind that this version does not know");
  EXPECT_STREQ(fault_of({255, 1}), "a record of a kind that this version does not know");
  EXPECT_STREQ(fault_of({13}), "a record that is cut");
  EXPECT_STREQ(fault_of({13, 0x81, 0x00}), "a number that is too long");
  EXPECT_STREQ(fault_of({13, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2}),
               "a number that is too long");
  EXPECT_STREQ(fault_of({21, 1, 0x80, 0x80, 0x04}), "a number that is too large");
  EXPECT_STREQ(fault_of({24, 5, 'a'}), "a text that is longer than its batch");
  EXPECT_STREQ(fault_of({17, 1, 1, 3, 0, 0, 0}), "a value that does not exist");
  EXPECT_STREQ(fault_of({17, 1, 1, 1, 2, 0, 0}), "a value that does not exist");
  EXPECT_STREQ(fault_of({17, 1, 1, 1, 0, 0, 9}), "a list that is longer than its batch");
  EXPECT_STREQ(fault_of({15, 1, 1, 'a', 3, 0}), "subscription options that do not exist");
  EXPECT_STREQ(fault_of({1, 1}), "a time that cannot be");
}

TEST(RecordCodec, AnErrorSaysWhereItsRecordBegins) {
  Bytes bytes;
  append_record(bytes, logged::RunStarted{});
  append_record(bytes, logged::SessionEnded{5});
  bytes.push_back(99);
  RecordReader reader(bytes);
  ASSERT_TRUE(reader.next().has_value());
  ASSERT_TRUE(reader.next().has_value());
  const auto third = reader.next();
  ASSERT_FALSE(third.has_value());
  EXPECT_EQ(third.error().offset, 3U);
  EXPECT_EQ(third.error().code, ErrorCode::parse_error);
}

}  // namespace
}  // namespace sluice::core
