// SPDX-License-Identifier: Apache-2.0
//
// What a packet costs in the codec: PUBLISH in and out, acknowledgements, CONNECT, topic and UTF-8
// checks.
#include "codec/codec.h"
#include "codec/topic.h"
#include "codec/utf8.h"

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace sluice::codec {
namespace {

constexpr std::string_view sensor_topic = "site/4/line/12/temperature";

template <class T>
std::vector<std::uint8_t> encoded(const T& packet, Version version) {
  std::vector<std::uint8_t> bytes(encoded_size(packet, version));
  if (!encode(packet, version, bytes)) std::abort();
  return bytes;
}

// Options of a broker rather than the protocol's maxima.
DecodeLimits broker_limits() {
  DecodeLimits limits;
  limits.topic_levels_max = 128;
  limits.user_properties_max = 128;
  return limits;
}

Publish sensor_publish(const std::string& payload, Qos qos) {
  Publish packet{.qos = qos, .topic = sensor_topic, .payload = as_bytes(payload)};
  if (qos != Qos::at_most_once) packet.packet_id = 7;
  return packet;
}

// Frame and decode one PUBLISH out of a stream, as a server does.
void run_decode(benchmark::State& state, const std::vector<std::uint8_t>& bytes, Version version) {
  const DecodeLimits limits = broker_limits();
  for (auto _ : state) {
    const FrameResult frame = peek_frame(bytes, version, limits.packet_bytes_max);
    Publish packet;
    const auto decoded = decode_publish(
        frame.first_byte, ByteView(bytes).subspan(frame.header_bytes, frame.remaining_length),
        version, limits, packet);
    if (!decoded) std::abort();
    benchmark::DoNotOptimize(packet);
  }
}

void frame_and_decode_publish(benchmark::State& state, Version version, Qos qos) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  run_decode(state, encoded(sensor_publish(payload, qos), version), version);
}
BENCHMARK_CAPTURE(frame_and_decode_publish, v3_1_1_qos_0, Version::v3_1_1, Qos::at_most_once)
    ->Arg(16)
    ->Arg(256);
BENCHMARK_CAPTURE(frame_and_decode_publish, v3_1_1_qos_1, Version::v3_1_1, Qos::at_least_once)
    ->Arg(16);
BENCHMARK_CAPTURE(frame_and_decode_publish, v5_qos_0, Version::v5, Qos::at_most_once)->Arg(16);

void decode_publish_only(benchmark::State& state) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  const auto bytes = encoded(sensor_publish(payload, Qos::at_most_once), Version::v3_1_1);
  const DecodeLimits limits = broker_limits();
  const FrameResult frame = peek_frame(bytes, Version::v3_1_1);
  const ByteView body = ByteView(bytes).subspan(frame.header_bytes);
  for (auto _ : state) {
    Publish packet;
    const auto decoded = decode_publish(0x30, body, Version::v3_1_1, limits, packet);
    if (!decoded) std::abort();
    benchmark::DoNotOptimize(packet);
  }
}
BENCHMARK(decode_publish_only)->Arg(16)->Arg(256);

void decode_publish_with_properties(benchmark::State& state) {
  std::array<std::uint8_t, 256> buffer{};
  const auto properties = PropertyWriter(buffer)
                              .number(PropertyId::payload_format_indicator, 1)
                              .number(PropertyId::message_expiry_interval, 60)
                              .text(PropertyId::content_type, "application/json")
                              .user("unit", "celsius")
                              .finish();
  if (!properties) std::abort();
  const std::string payload(16, 'x');
  Publish packet = sensor_publish(payload, Qos::at_most_once);
  packet.properties = *properties;
  run_decode(state, encoded(packet, Version::v5), Version::v5);
}
BENCHMARK(decode_publish_with_properties);

void decode_publish_utf8_topic(benchmark::State& state) {
  const Publish packet{.topic = "gebäude/süd/raum/größe"};
  run_decode(state, encoded(packet, Version::v3_1_1), Version::v3_1_1);
}
BENCHMARK(decode_publish_utf8_topic);

void decode_puback(benchmark::State& state) {
  const auto bytes = encode_ack(PacketType::puback, 513);
  const DecodeLimits limits = broker_limits();
  for (auto _ : state) {
    const FrameResult frame = peek_frame(bytes, Version::v5, limits.packet_bytes_max);
    AnyAck ack;
    if (!decode_ack(frame.first_byte, ByteView(bytes).subspan(2), Version::v5, limits, ack))
      std::abort();
    benchmark::DoNotOptimize(ack);
  }
}
BENCHMARK(decode_puback);

void decode_any_connect(benchmark::State& state) {
  const auto bytes =
      encoded(Connect{.client_id = "sensor-0017", .user_name = "sensor"}, Version::v3_1_1);
  const DecodeLimits limits = broker_limits();
  for (auto _ : state) {
    auto result = decode_connect(bytes, limits);
    benchmark::DoNotOptimize(result);
  }
}
BENCHMARK(decode_any_connect);

void encode_whole_publish(benchmark::State& state, Version version) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  const Publish packet = sensor_publish(payload, Qos::at_most_once);
  std::vector<std::uint8_t> out(encoded_size(packet, version));
  for (auto _ : state) {
    auto size = encode(packet, version, out);
    benchmark::DoNotOptimize(size);
    benchmark::ClobberMemory();
  }
}
BENCHMARK_CAPTURE(encode_whole_publish, v3_1_1, Version::v3_1_1)->Arg(16)->Arg(256);
BENCHMARK_CAPTURE(encode_whole_publish, v5, Version::v5)->Arg(16);

void match_filter(benchmark::State& state) {
  std::string_view filter = "site/+/line/+/#";
  std::string_view topic = sensor_topic;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filter);
    bool does_match = matches(filter, topic);
    benchmark::DoNotOptimize(does_match);
  }
}
BENCHMARK(match_filter);

void check_utf8_of_ascii(benchmark::State& state) {
  const std::string text(static_cast<std::size_t>(state.range(0)), 'a');
  for (auto _ : state) {
    auto offset = find_invalid_utf8(text);
    benchmark::DoNotOptimize(offset);
  }
}
BENCHMARK(check_utf8_of_ascii)->Arg(24)->Arg(4096);

}  // namespace
}  // namespace sluice::codec
