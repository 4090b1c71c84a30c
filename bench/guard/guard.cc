// SPDX-License-Identifier: Apache-2.0
//
// What tools/guard counts the instructions of: `bench_guard NAME TIMES` does one thing that many
// times. The difference between two runs is what the thing costs, without the start.
#include "base/assert.h"
#include "bench/guard/one_shard.h"
#include "codec/frame.h"
#include "core/topic/subscription_tree.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

namespace sluice::bench {
namespace {

constexpr std::size_t batch = 25;  // messages that come in one read
constexpr std::size_t payload_bytes = 256;

void decode(std::uint64_t times) {
  const Bytes bytes =
      publish_bytes("site/17/dev/4711/temp", payload_bytes, codec::Qos::at_least_once);
  codec::Publish publish;
  for (std::uint64_t i = 0; i < times; ++i) {
    const codec::FrameResult frame = codec::peek_frame(bytes, codec::Version::v3_1_1);
    const ByteView body = ByteView(bytes).subspan(frame.header_bytes);
    SLUICE_ASSERT(
        codec::decode_publish(frame.first_byte, body, codec::Version::v3_1_1, {}, publish));
  }
}

void encode(std::uint64_t times) {
  std::array<std::uint8_t, 512> room;
  codec::Publish publish;
  publish.topic = "site/17/dev/4711/temp";
  publish.qos = codec::Qos::at_least_once;
  for (std::uint64_t i = 0; i < times; ++i) {
    publish.packet_id = static_cast<codec::PacketId>(i % 60'000 + 1);
    SLUICE_ASSERT(
        codec::encode_publish_header(publish, payload_bytes, codec::Version::v3_1_1, room));
  }
}

struct Counter {
  std::uint64_t found = 0;
  void on_subscription(const core::Subscription&) { ++found; }
  void on_group(core::SharedGroup&) { ++found; }
};

void match(std::uint64_t times) {
  core::SubscriptionTree tree({.k0 = 1, .k1 = 2});
  std::vector<std::string> topics;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    const std::string place =
        "site/" + std::to_string(i / 100) + "/room-" + std::to_string(i % 100);
    topics.push_back(place + "/temperature");
    const core::Subscription subscription{
        .session = core::SessionSlot{i}, .subscription_id = 0, .options = {}};
    for (const char* last : {"/temperature", "/+", "/#"})
      tree.subscribe(place + last, subscription);
  }
  Counter counter;
  for (std::uint64_t i = 0; i < times; ++i) tree.match(topics[i * 7 % topics.size()], counter);
  SLUICE_ASSERT(counter.found == 3 * times);
}

// Answers each delivery with a PUBACK of its identifier.
Bytes acks_of(ByteView deliveries) {
  Bytes acks;
  while (!deliveries.empty()) {
    const codec::FrameResult frame = codec::peek_frame(deliveries, codec::Version::v3_1_1);
    SLUICE_ASSERT(frame.is_complete());
    codec::Publish publish;
    const ByteView body = deliveries.first(frame.total).subspan(frame.header_bytes);
    SLUICE_ASSERT(
        codec::decode_delivery(frame.first_byte, body, codec::Version::v3_1_1, {}, publish));
    const auto ack = codec::encode_ack(codec::PacketType::puback, publish.packet_id);
    acks.insert(acks.end(), ack.begin(), ack.end());
    deliveries = deliveries.subspan(frame.total);
  }
  return acks;
}

Bytes batch_of(codec::Qos qos) {
  Bytes bytes;
  for (std::size_t i = 0; i < batch; ++i) {
    Bytes one = publish_bytes("site/17/dev/4711/temp", payload_bytes, qos);
    if (qos != codec::Qos::at_most_once) one[one.size() - payload_bytes - 1] = std::uint8_t(i + 1);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  return bytes;
}

void deliver(std::uint64_t times, codec::Qos qos, std::size_t receivers) {
  OneShard shard;
  std::vector<OneShard::Client> subscribers;
  for (std::size_t i = 0; i < receivers; ++i)
    subscribers.push_back(shard.connect("sub-" + std::to_string(i), "site/+/dev/4711/temp", qos));
  OneShard::Client publisher = shard.connect("pub", {}, qos);
  const Bytes messages = batch_of(qos);
  std::size_t received = 0;
  for (std::uint64_t i = 0; i < times; ++i) {
    shard.send(publisher, messages);
    shard.turn();
    for (OneShard::Client& subscriber : subscribers) {
      const ByteView deliveries = shard.receive(subscriber);
      received += deliveries.size();
      if (qos != codec::Qos::at_most_once) shard.send(subscriber, acks_of(deliveries));
    }
    shard.receive(publisher);
    if (qos != codec::Qos::at_most_once) shard.turn();
  }
  SLUICE_ASSERT(received == times * receivers * messages.size());
}

int run(std::string_view name, std::uint64_t times) {
  if (name == "decode") return decode(times), 0;
  if (name == "encode") return encode(times), 0;
  if (name == "match") return match(times), 0;
  if (name == "turn_qos_0") return deliver(times, codec::Qos::at_most_once, 1), 0;
  if (name == "turn_qos_1") return deliver(times, codec::Qos::at_least_once, 1), 0;
  if (name == "turn_fan_out") return deliver(times, codec::Qos::at_most_once, 20), 0;
  std::fprintf(stderr, "bench_guard: there is no '%.*s'\n", static_cast<int>(name.size()),
               name.data());
  return 2;
}

}  // namespace
}  // namespace sluice::bench

int main(int count, char** words) {
  const std::span arguments(words, static_cast<std::size_t>(count));
  if (arguments.size() != 3) return 2;
  const std::string_view times(arguments[2]);
  std::uint64_t number = 0;
  std::from_chars(times.data(), times.data() + times.size(), number);
  return sluice::bench::run(arguments[1], number);
}
