// SPDX-License-Identifier: Apache-2.0
//
// Requests of any bytes, whole and byte by byte: both ways hear the same requests, and what is
// refused in pieces is refused at once. (In pieces a fault may be seen later: at the end of the
// headers.) What is whole is answered as the upgrade to a WebSocket would be.
#include "base/assert.h"
#include "net/http/http_parser.h"
#include "net/transport/ws/ws_handshake.h"

#include <algorithm>
#include <string>

namespace sluice::net {
namespace {

struct Heard {
  int requests = 0;
  unsigned status = 0;
  std::string said{};
};

Heard hear(ByteView bytes, std::size_t step) {
  HttpRequestParser parser({.header_bytes_max = 2048, .body_bytes_max = 256});
  Heard heard;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    ByteView piece = bytes.subspan(at, std::min(step, bytes.size() - at));
    while (!piece.empty()) {
      const HttpFeed feed = parser.feed(piece);
      if (feed == HttpFeed::failed) {
        heard.status = parser.status();
        SLUICE_ASSERT(heard.status >= 400 && parser.problem()[0] != '\0');
        return heard;
      }
      if (feed != HttpFeed::whole) continue;
      const HttpRequest request = parser.take();
      ++heard.requests;
      heard.said += request.method + " " + std::string(request.path()) + "\n";
      const HttpResponse response = answer_upgrade(request, {});
      SLUICE_ASSERT(!serialize(response, HttpNext::close, request.method).empty());
    }
  }
  return heard;
}

}  // namespace
}  // namespace sluice::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::net;
  const Heard at_once = hear({data, size}, std::max<std::size_t>(size, 1));
  const Heard in_pieces = hear({data, size}, 1);
  SLUICE_ASSERT(at_once.requests == in_pieces.requests);
  SLUICE_ASSERT(at_once.said == in_pieces.said);
  SLUICE_ASSERT(in_pieces.status == 0 || at_once.status != 0);
  return 0;
}
