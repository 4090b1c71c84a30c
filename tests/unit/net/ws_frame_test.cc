// SPDX-License-Identifier: Apache-2.0
#include "net/transport/ws/ws_frame.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace sluice::net {
namespace {

constexpr std::array<std::uint8_t, 4> mask{0x12, 0x34, 0xA6, 0xFF};

std::vector<std::uint8_t> bytes_of(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + 3);
  return bytes;
}

std::vector<std::uint8_t> masked(std::vector<std::uint8_t> bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ mask[i % 4]);
  return bytes;
}

TEST(WsFrame, AMaskGoesOnWhereItEndedInAnyTwoCuts) {
  for (std::size_t size = 0; size < 80; ++size) {
    const auto plain = bytes_of(size);
    for (std::size_t cut = 0; cut <= size; ++cut) {
      // One byte further on: to where the header was.
      std::vector<std::uint8_t> room(1);
      room.insert(room.end(), plain.begin(), plain.end());
      const std::uint64_t next =
          mask_bytes(room.data() + 1, cut, doubled_mask(mask.data()), room.data());
      mask_bytes(room.data() + 1 + cut, size - cut, next, room.data() + cut);
      room.pop_back();
      EXPECT_EQ(room, masked(plain)) << size << " cut at " << cut;
    }
  }
}

TEST(WsFrame, FramesAreFoundInAnyTwoCuts) {
  std::vector<std::uint8_t> stream;
  std::vector<std::uint8_t> carried;
  for (const std::size_t size : {0U, 1U, 7U, 125U, 126U, 300U, 70'000U, 2U}) {
    const auto body = bytes_of(size);
    std::array<std::uint8_t, 14> header;
    const std::size_t header_size = write_ws_header(WsOpcode::binary, size, mask.data(), header);
    stream.insert(stream.end(), header.begin(),
                  header.begin() + static_cast<std::ptrdiff_t>(header_size));
    const auto hidden = masked(body);
    stream.insert(stream.end(), hidden.begin(), hidden.end());
    carried.insert(carried.end(), body.begin(), body.end());
  }
  const auto is_near = [&](std::size_t cut) { return cut < 700 || stream.size() - cut < 40; };
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    if (!is_near(cut)) continue;
    auto bytes = stream;
    WsInput input(WsSide::server, 1 << 20);
    const auto first = input.decode(MutableByteView(bytes).first(cut));
    const auto second = input.decode(MutableByteView(bytes).subspan(cut));
    ASSERT_EQ(first.stop, WsInput::Stop::end) << cut;
    ASSERT_EQ(second.stop, WsInput::Stop::end) << cut;
    std::vector<std::uint8_t> found(bytes.begin(),
                                    bytes.begin() + static_cast<std::ptrdiff_t>(first.carried));
    const auto rest = bytes.begin() + static_cast<std::ptrdiff_t>(cut);
    found.insert(found.end(), rest, rest + static_cast<std::ptrdiff_t>(second.carried));
    ASSERT_EQ(found, carried) << cut;
  }
}

}  // namespace
}  // namespace sluice::net
