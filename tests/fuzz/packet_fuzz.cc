// SPDX-License-Identifier: Apache-2.0
//
// Decodes any bytes in all versions and directions. What decodes must encode, the result decode
// again and encode to itself, never longer than what came; framing, the hot paths and the streaming
// of payloads must agree with it. Lists that are read are written again as they were.
//
// Input: one byte (version * 2 + direction), then the bytes of a packet.
#include "base/assert.h"
#include "codec/codec.h"

#include <type_traits>
#include <variant>
#include <vector>

namespace sluice::codec {
namespace {

// In a buffer of its own exact size, so that the sanitizer sees any byte read behind it.
std::vector<std::uint8_t> exact(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

void check_error(const Error& error, ByteView packet) {
  SLUICE_ASSERT(error.code != ErrorCode::ok);
  SLUICE_ASSERT(error.reason >= 0x80);
  const auto reason = to_reason_code(error.reason);
  SLUICE_ASSERT(reason.has_value() && label(*reason)[0] != '\0' && to_string(*reason)[0] != '\0');
  SLUICE_ASSERT(to_string(to_return_code(*reason))[0] != '\0');
  SLUICE_ASSERT(error.detail[0] != '\0');
  SLUICE_ASSERT(error.offset <= packet.size());
}

std::vector<std::uint8_t> encoded(const Packet& packet, Version version) {
  std::vector<std::uint8_t> out(encoded_size(packet, version));
  const auto size = encode(packet, version, out);
  SLUICE_ASSERT(size.has_value());
  SLUICE_ASSERT(*size == out.size());
  std::vector<std::uint8_t> small(out.size() - 1);
  SLUICE_ASSERT(!encode(packet, version, small).has_value());
  return out;
}

// A CONNECT says its own version.
Version version_of(const Packet& packet, Version version) {
  const auto* connect = std::get_if<Connect>(&packet);
  return connect != nullptr ? connect->version : version;
}

void check_publish(ByteView packet, Version version, Direction direction, const Packet& whole) {
  const FrameResult frame = peek_frame(packet, version);
  const auto body = exact(packet.subspan(frame.header_bytes));
  const auto& expected = std::get<Publish>(whole);
  Publish publish;
  const auto decoded = direction == Direction::to_server
                           ? decode_publish(frame.first_byte, body, version, {}, publish)
                           : decode_delivery(frame.first_byte, body, version, {}, publish);
  SLUICE_ASSERT(decoded.has_value());
  SLUICE_ASSERT(publish.topic == expected.topic);
  const std::size_t header = body.size() - expected.payload.size();
  for (std::size_t n = 0; n <= header; ++n) {
    const auto prefix = exact(ByteView(body).first(n));
    const auto bytes =
        publish_header_bytes(frame.first_byte, prefix, frame.remaining_length, version);
    SLUICE_ASSERT(bytes.has_value());
    SLUICE_ASSERT(*bytes == header || (*bytes == 0 && n < header));
  }
}

AnyAck any_ack(PacketType type, const auto& ack) {
  return {type, ack.packet_id, ack.reason, ack.properties};
}

void check_ack(ByteView packet, Version version, const AnyAck& expected) {
  const FrameResult frame = peek_frame(packet, version);
  AnyAck ack;
  const auto decoded =
      decode_ack(frame.first_byte, exact(packet.subspan(frame.header_bytes)), version, {}, ack);
  SLUICE_ASSERT(decoded.has_value());
  SLUICE_ASSERT(ack.type == expected.type && ack.packet_id == expected.packet_id);
  SLUICE_ASSERT(ack.reason == expected.reason);
}

template <FilterForm form>
void check_filters(const FilterList<form>& filters) {
  std::vector<std::uint8_t> room(filters.raw.size());
  FilterWriter<form> writer(room);
  FilterCursor cursor = filters.cursor();
  while (const auto view = cursor.next()) writer.add(view->filter, view->options);
  const auto again = writer.finish();
  SLUICE_ASSERT(again.has_value() && *again == filters && again->count == filters.count);
  SLUICE_ASSERT(!FilterWriter<form>(MutableByteView(room).first(room.size() - 1))
                     .add(std::string_view(as_text(filters.raw)))
                     .finish()
                     .has_value());
}

void check_properties(const Properties& properties) {
  std::vector<std::uint8_t> room(properties.raw.size());
  PropertyWriter each(room);
  for (PropertyCursor cursor = properties.cursor(); const auto property = cursor.next();)
    each.append(*property);
  SLUICE_ASSERT(each.finish().has_value() && each.size() <= room.size());
  std::vector<std::uint8_t> copy(properties.raw.size());
  PropertyWriter whole(copy);
  whole.append(properties).append(properties);
  SLUICE_ASSERT(whole.is_overflowed() == !properties.raw.empty());
}

// What is read of a packet that decoded, each kind in its own way.
void check_parts(ByteView packet, Version version, const Packet& whole) {
  std::visit(
      [&](const auto& part) {
        using Kind = std::remove_cvref_t<decltype(part)>;
        if constexpr (requires { part.properties; }) check_properties(part.properties);
        if constexpr (requires { part.filters; }) check_filters(part.filters);
        if constexpr (std::is_same_v<Kind, Puback>)
          check_ack(packet, version, any_ack(PacketType::puback, part));
        if constexpr (std::is_same_v<Kind, Pubrec>)
          check_ack(packet, version, any_ack(PacketType::pubrec, part));
        if constexpr (std::is_same_v<Kind, Pubrel>)
          check_ack(packet, version, any_ack(PacketType::pubrel, part));
        if constexpr (std::is_same_v<Kind, Pubcomp>)
          check_ack(packet, version, any_ack(PacketType::pubcomp, part));
      },
      whole);
}

void check_round_trip(ByteView packet, Version version, Direction direction, const Packet& first) {
  version = version_of(first, version);
  check_parts(packet, version, first);
  const auto once = encoded(first, version);
  SLUICE_ASSERT(once.size() <= packet.size());
  const auto again = decode(once, version, direction, {});
  SLUICE_ASSERT(again.has_value());
  SLUICE_ASSERT(again->index() == first.index());
  SLUICE_ASSERT(encoded(*again, version) == once);
  if (std::holds_alternative<Publish>(first)) check_publish(packet, version, direction, first);
}

// The frame says what the decoder says, with all bytes and with each prefix of them.
void check_frame(ByteView packet, Version version) {
  const FrameResult whole = peek_frame(packet, version);
  for (std::size_t n = 0; n <= packet.size() && n < 8; ++n) {
    const FrameResult part = peek_frame(exact(packet.first(n)), version);
    SLUICE_ASSERT(!part.is_failed() || whole.is_failed());
    if (part.is_complete()) {
      SLUICE_ASSERT(part.total == whole.total);
    }
  }
  if (whole.is_failed()) check_error(whole.error, packet);
  const PlainFrame plain = peek_plain_frame(packet);
  if (plain.header_bytes == 0) return;
  SLUICE_ASSERT(whole.is_complete() && whole.header_bytes == plain.header_bytes);
  SLUICE_ASSERT(whole.remaining_length == plain.remaining_length);
}

void check_limits(ByteView packet, Version version, Direction direction) {
  const DecodeLimits limits{.packet_bytes_max = 64,
                            .topic_levels_max = 2,
                            .topic_bytes_max = 8,
                            .user_properties_max = 1,
                            .filters_max = 1,
                            .client_id_bytes_max = 4};
  const auto decoded = decode(packet, version, direction, limits);
  if (!decoded) return check_error(decoded.error(), packet);
  SLUICE_ASSERT(decode(packet, version, direction, {}).has_value());
}

void check_connect(ByteView packet) {
  const ConnectResult result = decode_connect(packet, {});
  if (result.fault == ConnectFault::none) {
    SLUICE_ASSERT(result.version == result.connect.version);
  } else {
    check_error(result.error, packet);
  }
}

void run(ByteView input) {
  if (input.empty()) return;
  const auto version = static_cast<Version>(3 + input[0] / 2 % 3);
  const auto direction = static_cast<Direction>(input[0] % 2);
  const auto packet = exact(input.subspan(1));
  check_frame(packet, version);
  check_connect(packet);
  check_limits(packet, version, direction);
  const auto decoded = decode(packet, version, direction, {});
  if (decoded)
    check_round_trip(packet, version, direction, *decoded);
  else
    check_error(decoded.error(), packet);
}

}  // namespace
}  // namespace sluice::codec

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::codec::run({data, size});
  return 0;
}
