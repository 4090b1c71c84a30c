// SPDX-License-Identifier: Apache-2.0
//
// The header of a proxy, of any bytes: what its beginning says is never taken back by more bytes,
// and a whole one is as long as it says.
#include "base/assert.h"
#include "net/transport/proxy/proxy_header.h"

#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using sluice::net::parse_proxy_header;
  using State = sluice::net::ProxyHeader::State;
  const auto whole = parse_proxy_header({data, size});
  if (whole.state == State::complete) SLUICE_ASSERT(whole.size > 0 && whole.size <= size);
  if (whole.state == State::wrong) SLUICE_ASSERT(!std::string_view(whole.problem).empty());
  for (std::size_t n = 0; n < size && n < 300; ++n) {
    const auto part = parse_proxy_header({data, n});
    if (part.state == State::incomplete) continue;
    SLUICE_ASSERT(part.state == whole.state);
    if (part.state == State::complete) SLUICE_ASSERT(part.size == whole.size && part.size <= n);
  }
  return 0;
}
