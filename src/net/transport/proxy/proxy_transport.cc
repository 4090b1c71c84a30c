// SPDX-License-Identifier: Apache-2.0
#include "net/transport/proxy/proxy_transport.h"

#include "base/assert.h"
#include "net/transport/proxy/proxy_header.h"

#include <algorithm>
#include <array>

namespace sluice::net {

ProxyTransport::ProxyTransport(const ProxyOptions& options, std::unique_ptr<Transport> beneath)
    : LayeredTransport(std::move(beneath)),
      peer_(LayeredTransport::peer()),
      is_trusted_(contains(options.trusted, peer_)) {}

Result<void> ProxyTransport::handshake() {
  if (is_open_) return {};
  if (!is_trusted_)
    return fail(ErrorCode::protocol_error,
                "this listener takes connections of its trusted proxies only");
  std::array<std::uint8_t, 1024> bytes;
  for (;;) {
    const auto got = beneath().read(bytes);
    if (!got) return fail(got.error());
    early_.insert(early_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(*got));
    ProxyHeader header = parse_proxy_header(early_);
    if (header.state == ProxyHeader::State::wrong)
      return fail(ErrorCode::protocol_error, header.problem);
    if (header.state == ProxyHeader::State::incomplete) continue;
    early_.erase(early_.begin(), early_.begin() + static_cast<std::ptrdiff_t>(header.size));
    if (header.source.kind != PeerKind::none) peer_ = header.source;
    common_name_ = std::move(header.common_name);
    is_open_ = is_more_ = true;
    return {};
  }
}

Result<std::size_t> ProxyTransport::read(MutableByteView into) {
  SLUICE_ASSERT(!into.empty());
  SLUICE_CHECK(handshake());
  if (early_.empty()) {
    is_more_ = false;
    return beneath().read(into);
  }
  const std::size_t size = std::min(early_.size(), into.size());
  std::copy_n(early_.begin(), size, into.begin());
  early_.erase(early_.begin(), early_.begin() + static_cast<std::ptrdiff_t>(size));
  if (early_.empty()) early_.shrink_to_fit();
  return size;
}

Result<std::size_t> ProxyTransport::write(std::span<const IoSlice> slices) {
  SLUICE_CHECK(handshake());
  return beneath().write(slices);
}

}  // namespace sluice::net
