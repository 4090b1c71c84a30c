// SPDX-License-Identifier: Apache-2.0
//
// Frames of any bytes to either side, whole and byte by byte: what they carry and how they end is
// the same. What we would write is read back.
#include "base/assert.h"
#include "net/transport/ws/ws_frame.h"

#include <algorithm>
#include <array>
#include <vector>

namespace sluice::net {
namespace {

struct Heard {
  std::vector<std::uint8_t> carried{};
  std::vector<WsInput::Stop> stops{};
  std::uint16_t code = 0;

  bool operator==(const Heard&) const = default;
};

Heard hear(WsSide side, ByteView bytes, std::size_t step) {
  WsInput input(side, 4096);
  Heard heard;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    const ByteView piece = bytes.subspan(at, std::min(step, bytes.size() - at));
    std::vector<std::uint8_t> copy(piece.begin(), piece.end());
    MutableByteView rest = copy;
    while (!rest.empty()) {
      const WsInput::Decoded decoded = input.decode(rest);
      SLUICE_ASSERT(decoded.used <= rest.size() && decoded.carried <= decoded.used);
      heard.carried.insert(heard.carried.end(), rest.begin(),
                           rest.begin() + static_cast<std::ptrdiff_t>(decoded.carried));
      rest = rest.subspan(decoded.used);
      if (decoded.stop == WsInput::Stop::end) break;
      heard.stops.push_back(decoded.stop);
      if (decoded.stop == WsInput::Stop::ping) continue;
      if (decoded.stop == WsInput::Stop::wrong) heard.code = input.code();
      return heard;
    }
  }
  return heard;
}

void write_and_read(ByteView payload) {
  std::array<std::uint8_t, 14> header;
  const std::array<std::uint8_t, 4> mask{1, 2, 3, 4};
  const std::size_t size = write_ws_header(WsOpcode::binary, payload.size(), mask.data(), header);
  std::vector<std::uint8_t> frame(header.begin(),
                                  header.begin() + static_cast<std::ptrdiff_t>(size));
  frame.resize(size + payload.size());
  mask_bytes(payload.data(), payload.size(), doubled_mask(mask.data()), frame.data() + size);
  const Heard heard = hear(WsSide::server, frame, frame.size());
  SLUICE_ASSERT(std::ranges::equal(heard.carried, payload) && heard.stops.empty());
}

}  // namespace
}  // namespace sluice::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::net;
  for (const WsSide side : {WsSide::server, WsSide::client})
    SLUICE_ASSERT(hear(side, {data, size}, std::max<std::size_t>(size, 1)) ==
                  hear(side, {data, size}, 1));
  if (size > 0 && size <= 4096) write_and_read({data, size});
  return 0;
}
