// SPDX-License-Identifier: Apache-2.0
//
// What must hold for every valid packet, and for every packet that is one cut or one byte away from
// a valid one.
#include "codec/codec.h"
#include "tests/unit/codec/samples.h"

#include <gtest/gtest.h>

namespace sluice::codec {
namespace {

using testing::Bytes;

class CodecSample : public ::testing::Test {
 protected:
  // Runs a check with each sample as sample().
  template <class Check>
  void for_each_sample(Check check) {
    for (const Sample& one : samples()) {
      SCOPED_TRACE(one.name);
      sample_ = &one;
      check();
    }
  }
  const Sample& sample() const { return *sample_; }
  Result<Packet> decode_it(const Bytes& bytes) const {
    return decode(bytes, sample().version, sample().direction, DecodeLimits{});
  }
  static Bytes encode_it(const Packet& packet, Version version) {
    Bytes out(encoded_size(packet, version));
    const auto size = encode(packet, version, out);
    EXPECT_TRUE(size.has_value()) << size.error().detail;
    EXPECT_EQ(size.value_or(0), out.size());
    return out;
  }

 private:
  const Sample* sample_ = nullptr;
};

TEST_F(CodecSample, DecodesAndEncodesToTheSameBytes) {
  for_each_sample([&] {
    const Bytes bytes = sample().bytes();
    const auto packet = decode_it(bytes);
    ASSERT_TRUE(packet.has_value()) << packet.error().detail << " at " << packet.error().offset;
    EXPECT_EQ(type_of(*packet), static_cast<PacketType>(bytes[0] >> 4));
    EXPECT_EQ(encode_it(*packet, sample().version), bytes);
  });
}

TEST_F(CodecSample, IsFramedByteAtATime) {
  for_each_sample([&] {
    const Bytes bytes = sample().bytes();
    const Version version = sample().version;
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      const Bytes prefix(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
      const FrameResult frame = peek_frame(prefix, version);
      ASSERT_EQ(frame.status, FrameStatus::incomplete) << n << " bytes";
      if (frame.header_bytes != 0) {
        ASSERT_EQ(frame.total, bytes.size());
      }
    }
    Bytes more = bytes;
    more.push_back(0xFF);
    for (const Bytes& stream : {bytes, more}) {
      const FrameResult frame = peek_frame(stream, version);
      EXPECT_EQ(frame.status, FrameStatus::complete);
      EXPECT_EQ(frame.total, bytes.size());
      EXPECT_EQ(frame.first_byte, bytes[0]);
    }
  });
}

// Each prefix of the body with a remaining length that fits it. Whatever decodes must be a packet
// of its own right: it encodes to something that decodes to the same again. Under the address
// sanitizer a read behind the prefix is fatal.
TEST_F(CodecSample, CutAnywhereIsRefusedOrAnotherValidPacket) {
  for_each_sample([&] {
    const Bytes bytes = sample().bytes();
    const std::size_t header = peek_frame(bytes, sample().version).header_bytes;
    for (std::size_t n = header; n < bytes.size(); ++n) {
      const Bytes cut =
          testing::packet(bytes[0], Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(header),
                                          bytes.begin() + static_cast<std::ptrdiff_t>(n)));
      const auto packet = decode_it(cut);
      if (!packet) {
        EXPECT_LE(packet.error().offset, cut.size()) << packet.error().detail;
        continue;
      }
      const auto type = type_of(*packet);
      EXPECT_TRUE(type == PacketType::publish || type == PacketType::suback ||
                  type == PacketType::unsuback || type == PacketType::subscribe ||
                  type == PacketType::unsubscribe || type == PacketType::disconnect ||
                  type == PacketType::auth ||
                  (type >= PacketType::puback && type <= PacketType::pubcomp))
          << to_string(type) << " cut at " << n;
      EXPECT_TRUE(decode_it(encode_it(*packet, sample().version)).has_value());
    }
  });
}

TEST_F(CodecSample, WithBytesBehindItIsRefused) {
  for_each_sample([&] {
    Bytes bytes = sample().bytes();
    bytes.push_back(0);
    const auto packet = decode_it(bytes);
    ASSERT_FALSE(packet.has_value());
    EXPECT_EQ(packet.error().reason, 0x81);
  });
}

TEST_F(CodecSample, WithOneMoreByteInsideIsRefusedUnlessItIsPayload) {
  for_each_sample([&] {
    const Bytes bytes = sample().bytes();
    const std::size_t header = peek_frame(bytes, sample().version).header_bytes;
    Bytes body(bytes.begin() + static_cast<std::ptrdiff_t>(header), bytes.end());
    body.push_back(0xFF);
    const auto packet = decode_it(testing::packet(bytes[0], body));
    const bool is_publish = static_cast<PacketType>(bytes[0] >> 4) == PacketType::publish;
    EXPECT_EQ(packet.has_value(), is_publish);
  });
}

TEST_F(CodecSample, IsRefusedInTheOtherDirection) {
  for_each_sample([&] {
    const Bytes bytes = sample().bytes();
    const auto other =
        sample().direction == Direction::to_server ? Direction::to_client : Direction::to_server;
    const auto packet = decode(bytes, sample().version, other, DecodeLimits{});
    switch (static_cast<PacketType>(bytes[0] >> 4)) {
      case PacketType::connect:
      case PacketType::connack:
      case PacketType::subscribe:
      case PacketType::suback:
      case PacketType::unsubscribe:
      case PacketType::unsuback:
      case PacketType::pingreq:
      case PacketType::pingresp:
        ASSERT_FALSE(packet.has_value());
        EXPECT_EQ(packet.error().code, ErrorCode::protocol_error);
        EXPECT_EQ(packet.error().reason, 0x82);
        break;
      default:
        break;
    }
  });
}

TEST_F(CodecSample, NeedsAllOfItsEncodedSize) {
  for_each_sample([&] {
    const Bytes bytes = sample().bytes();
    const auto packet = decode_it(bytes);
    ASSERT_TRUE(packet.has_value());
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      Bytes out(n);
      const auto size = encode(*packet, sample().version, out);
      ASSERT_FALSE(size.has_value());
      EXPECT_EQ(size.error().code, ErrorCode::buffer_too_small);
    }
  });
}

TEST_F(CodecSample, OfAWrongFirstByteIsRefused) {
  for_each_sample([&] {
    Bytes bytes = sample().bytes();
    const auto type = static_cast<PacketType>(bytes[0] >> 4);
    if (type == PacketType::publish) return;
    // MQTT 3.1 does not use them there.
    if (type == PacketType::connect && sample().version == Version::v3_1) return;
    const std::uint8_t right = bytes[0];
    for (unsigned flags = 0; flags < 16; ++flags) {
      bytes[0] = static_cast<std::uint8_t>((right & 0xF0U) | flags);
      if (bytes[0] == right) continue;
      const auto packet = decode_it(bytes);
      ASSERT_FALSE(packet.has_value()) << flags;
      EXPECT_EQ(packet.error().reason, 0x81);
      EXPECT_EQ(peek_frame(bytes, sample().version).status, FrameStatus::malformed);
    }
  });
}

TEST_F(CodecSample, LargerThanTheLimitIsRefusedByItsHeader) {
  for_each_sample([&] {
    const Bytes bytes = sample().bytes();
    const std::size_t header = peek_frame(bytes, sample().version).header_bytes;
    if (bytes.size() == header) return;
    DecodeLimits limits{.packet_bytes_max = static_cast<std::uint32_t>(bytes.size()) - 1};
    const auto packet = decode(bytes, sample().version, sample().direction, limits);
    ASSERT_FALSE(packet.has_value());
    EXPECT_EQ(packet.error().code, ErrorCode::packet_too_large);
    EXPECT_EQ(packet.error().reason, 0x95);
    const FrameResult frame =
        peek_frame(ByteView(bytes).first(header), sample().version, limits.packet_bytes_max);
    EXPECT_EQ(frame.status, FrameStatus::too_large);
    ++limits.packet_bytes_max;
    EXPECT_TRUE(decode(bytes, sample().version, sample().direction, limits).has_value());
  });
}

}  // namespace
}  // namespace sluice::codec
