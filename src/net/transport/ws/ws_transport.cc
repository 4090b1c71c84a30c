// SPDX-License-Identifier: Apache-2.0
#include "net/transport/ws/ws_transport.h"

#include "base/assert.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace sluice::net {
namespace {

constexpr std::size_t slices_max = 256;
constexpr std::size_t masked_bytes_max = 16384;
// What is longer than this goes as one frame: it is not copied.
constexpr std::size_t split_bytes_max = 256 * 1024;
constexpr std::size_t header_bytes_max = 14;
constexpr std::string_view head_end = "\r\n\r\n";

HttpResponse no_request(unsigned status) {
  return {.status = status, .body = "this is no request for a WebSocket\n"};
}

Failure closed_in_order() { return fail(ErrorCode::closed, "the peer closed the connection"); }

}  // namespace

struct WsTransport::Upgrade {
  WsServerOptions options{};
  std::string request{};  ///< of a client; empty once sent
  std::string key{};
  std::string head{};  ///< what has come of the other end's
};

WsTransport::WsTransport(const WsServerOptions& options, std::unique_ptr<Transport> beneath)
    : LayeredTransport(std::move(beneath)),
      upgrade_(std::make_unique<Upgrade>()),
      input_(WsSide::server, options.frame_bytes_max),
      masks_(0),
      peer_(LayeredTransport::peer()),
      side_(WsSide::server) {
  upgrade_->options = options;
}

WsTransport::WsTransport(UpgradeRequest request, std::uint64_t seed,
                         std::unique_ptr<Transport> beneath)
    : LayeredTransport(std::move(beneath)),
      upgrade_(std::make_unique<Upgrade>()),
      input_(WsSide::client, ~std::uint64_t{0}),
      masks_(seed),
      peer_(LayeredTransport::peer()),
      side_(WsSide::client) {
  std::array<std::uint8_t, 16> random;
  for (std::uint8_t& byte : random) byte = static_cast<std::uint8_t>(masks_.below(256));
  request.key = ws_key(random);
  upgrade_->request = upgrade_request(request);
  upgrade_->key = std::move(request.key);
}

WsTransport::~WsTransport() {
  if (!is_reset_ && phase_ == Phase::open && !is_close_sent_) {
    constexpr std::array<std::uint8_t, 2> code{WsCode::normal >> 8, WsCode::normal & 0xFF};
    send_control(WsOpcode::close, code);
  }
}

void WsTransport::reset_on_close() {
  is_reset_ = true;
  LayeredTransport::reset_on_close();
}

Result<void> WsTransport::handshake() {
  if (phase_ == Phase::broken) return fail(ErrorCode::closed, "the WebSocket was refused");
  if (phase_ != Phase::upgrade) return {};
  SLUICE_CHECK(LayeredTransport::beneath().handshake());
  peer_ = LayeredTransport::peer();
  if (side_ == WsSide::client && !upgrade_->request.empty()) {
    put(as_bytes(upgrade_->request));
    upgrade_->request.clear();
  }
  static_cast<void>(flush());
  return read_head();
}

Result<void> WsTransport::read_head() {
  std::array<std::uint8_t, 4096> bytes;
  for (;;) {
    const auto got = beneath().read(bytes);
    if (!got) return fail(got.error());
    const ByteView part = ByteView(bytes).first(*got);
    const std::size_t before = upgrade_->head.size();
    upgrade_->head.append(as_text(part));
    if (upgrade_->head.size() > head_bytes_max) {
      phase_ = Phase::broken;
      return fail(ErrorCode::protocol_error, "the request to upgrade is too long");
    }
    // Another protocol than HTTP need not send the end of a head: nobody is to wait for it.
    if (side_ == WsSide::server && (upgrade_->head.front() < 'A' || upgrade_->head.front() > 'Z')) {
      put(as_bytes(serialize(no_request(400), HttpNext::close, "GET")));
      phase_ = Phase::broken;
      return fail(ErrorCode::protocol_error, "no HTTP request for a WebSocket");
    }
    const auto end = upgrade_->head.find(head_end, before < 3 ? 0 : before - 3);
    if (end == std::string::npos) continue;
    const std::size_t size = end + head_end.size();
    early_.assign(upgrade_->head.begin() + static_cast<std::ptrdiff_t>(size), upgrade_->head.end());
    upgrade_->head.resize(size);
    const ByteView head = as_bytes(upgrade_->head);
    const auto good = side_ == WsSide::server ? take_request(head) : take_answer(head);
    phase_ = good ? Phase::open : Phase::broken;
    upgrade_.reset();
    is_more_buffered_ = true;
    return good;
  }
}

Result<void> WsTransport::take_request(ByteView bytes) {
  HttpRequestParser parser({.header_bytes_max = head_bytes_max, .body_bytes_max = 0});
  const HttpFeed feed = parser.feed(bytes);
  if (feed != HttpFeed::whole) {
    const unsigned status = feed == HttpFeed::failed ? parser.status() : 413;
    put(as_bytes(serialize(no_request(status), HttpNext::close, "GET")));
    return fail(ErrorCode::protocol_error, "no HTTP request for a WebSocket");
  }
  const HttpRequest request = parser.take();
  const HttpResponse response = answer_upgrade(request, upgrade_->options);
  put(as_bytes(serialize(response, HttpNext::close, request.method)));
  if (response.status != 101) {
    switch (response.status) {
      case 403:
        return fail(ErrorCode::protocol_error, "a WebSocket from an origin that is not allowed");
      case 404:
        return fail(ErrorCode::protocol_error, "a WebSocket at a path that is not there");
      default:
        return fail(ErrorCode::protocol_error, "no request for a WebSocket with MQTT");
    }
  }
  peer_ = forwarded_peer(request, peer_, upgrade_->options.forwarded_trusted);
  return {};
}

Result<void> WsTransport::take_answer(ByteView bytes) {
  return check_upgrade(as_text(bytes), upgrade_->key);
}

// Decodes until something is carried or there is nothing more, so that a read that returns less
// than it was asked for leaves nothing behind without an event.
Result<std::size_t> WsTransport::read(MutableByteView into) {
  SLUICE_ASSERT(!into.empty());
  if (phase_ == Phase::upgrade) SLUICE_CHECK(handshake());
  is_more_buffered_ = false;
  if (is_close_received_) return closed_in_order();
  while (true) {
    std::size_t size = std::min(early_.size(), into.size());
    const bool is_early = size > 0;
    if (is_early) {
      std::copy_n(early_.begin(), size, into.begin());
      early_.erase(early_.begin(), early_.begin() + static_cast<std::ptrdiff_t>(size));
      if (early_.empty()) early_.shrink_to_fit();
    } else {
      const auto got = beneath().read(into);
      if (!got) return got;
      size = *got;
    }
    // It ends as it should not: what still comes is thrown away by whoever reads.
    if (phase_ == Phase::broken) return size;
    const auto carried = decode(into.first(size));
    if (!carried) return carried;
    if (*carried > 0) {
      is_more_buffered_ = is_early || size == into.size() || beneath().has_buffered_input();
      return carried;
    }
    if (is_close_received_) return closed_in_order();
  }
}

Result<std::size_t> WsTransport::decode(MutableByteView bytes) {
  std::size_t carried = 0;
  while (!bytes.empty()) {
    const WsInput::Decoded step = input_.decode(bytes.subspan(carried));
    carried += step.carried;
    if (step.stop == WsInput::Stop::end) return carried;
    if (step.stop == WsInput::Stop::wrong) return stop(input_.code(), input_.problem());
    if (step.stop == WsInput::Stop::close) {
      is_close_received_ = true;
      is_more_buffered_ = true;
      return carried;
    }
    if (pending_.size() < pending_bytes_max) send_control(WsOpcode::pong, input_.control());
    // What follows the ping moves up to what is carried already.
    const MutableByteView rest = bytes.subspan(carried - step.carried + step.used);
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(carried);
    std::copy(rest.begin(), rest.end(), begin);
    bytes = bytes.first(carried + rest.size());
    if (rest.empty()) return carried;
  }
  return carried;
}

Failure WsTransport::stop(std::uint16_t code, const char* problem) {
  const std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(code >> 8),
                                          static_cast<std::uint8_t>(code)};
  send_control(WsOpcode::close, bytes);
  phase_ = Phase::broken;
  return fail(ErrorCode::protocol_error, problem);
}

std::array<std::uint8_t, 4> WsTransport::draw_mask() {
  std::array<std::uint8_t, 4> mask;
  const std::uint64_t drawn = masks_.below(std::uint64_t{1} << 32U);
  for (unsigned i = 0; i < 4; ++i) mask[i] = static_cast<std::uint8_t>(drawn >> (8U * i));
  return mask;
}

// Only between two frames.
void WsTransport::send_control(WsOpcode opcode, ByteView body) {
  if (is_close_sent_) return;
  if (opcode == WsOpcode::close) is_close_sent_ = true;
  std::array<std::uint8_t, 14> header;
  const auto mask = draw_mask();
  const bool is_client = side_ == WsSide::client;
  const std::size_t size =
      write_ws_header(opcode, body.size(), is_client ? mask.data() : nullptr, header);
  std::vector<std::uint8_t> frame(header.begin(),
                                  header.begin() + static_cast<std::ptrdiff_t>(size));
  frame.insert(frame.end(), body.begin(), body.end());
  if (is_client)
    mask_bytes(frame.data() + size, body.size(), doubled_mask(mask.data()), frame.data() + size);
  if (frame_left_ == 0)
    put(frame);
  else
    pong_ = std::move(frame);
}

// To the transport beneath, as far as it takes it; the rest waits.
void WsTransport::put(ByteView bytes) {
  std::size_t sent = 0;
  if (pending_.empty()) {
    const IoSlice slice{bytes.data(), bytes.size()};
    sent = beneath().write({&slice, 1}).value_or(0);
  }
  pending_.insert(pending_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(sent), bytes.end());
}

Result<void> WsTransport::flush() {
  if (!pending_.empty()) {
    const IoSlice slice{pending_.data(), pending_.size()};
    const auto sent = beneath().write({&slice, 1});
    if (!sent) return fail(sent.error());
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(*sent));
    if (!pending_.empty()) return fail(ErrorCode::would_block, "the peer does not read");
    pending_.shrink_to_fit();
  }
  return beneath().flush();
}

Result<std::size_t> WsTransport::write(std::span<const IoSlice> slices) {
  SLUICE_ASSERT(!slices.empty());
  if (phase_ == Phase::upgrade) SLUICE_CHECK(handshake());
  if (phase_ == Phase::broken || is_close_sent_)
    return fail(ErrorCode::closed, "the connection was shut for writing");
  if (!pending_.empty()) SLUICE_CHECK(flush());
  if (side_ == WsSide::client) return write_masked(slices);
  std::size_t total = 0;
  for (const IoSlice& slice : slices) total += slice.size;
  if (frame_left_ == 0 && total <= split_bytes_max && !is_one_packet(slices, total))
    return write_packets(slices, total);
  const auto sent = write_one(slices);
  std::size_t left = sent.value_or(0);
  for (const IoSlice& slice : slices) {
    ByteView bytes(slice.data, std::min(left, slice.size));
    left -= bytes.size();
    while (!bytes.empty()) bytes = bytes.subspan(cuts_.next(bytes));
  }
  return sent;
}

bool WsTransport::is_one_packet(std::span<const IoSlice> slices, std::size_t total) const {
  PacketCuts ahead = cuts_;
  std::size_t used = 0;
  for (const IoSlice& slice : slices) {
    if (slice.size == 0) continue;
    const std::size_t part = ahead.next({slice.data, slice.size});
    used += part;
    if (part < slice.size) break;
    if (ahead.is_between()) break;
  }
  return used == total;
}

// A frame for each packet, or part of one at the beginning or the end.
std::size_t WsTransport::write_packets(std::span<const IoSlice> slices, std::size_t total) {
  std::vector<std::uint8_t> flat;
  ByteView rest(slices.front().data, slices.front().size);
  if (rest.size() != total) {
    flat.reserve(total);
    for (const IoSlice& slice : slices)
      flat.insert(flat.end(), slice.data, slice.data + slice.size);
    rest = flat;
  }
  std::vector<std::uint8_t> frames(total + total / 4 + header_bytes_max);
  std::size_t at = 0;
  while (!rest.empty()) {
    const std::size_t size = cuts_.next(rest);
    // More headers than was thought: the packets are small.
    if (frames.size() - at < size + header_bytes_max)
      frames.resize(2 * frames.size() + size + header_bytes_max);
    at += write_ws_header(WsOpcode::binary, size, nullptr, MutableByteView(frames).subspan(at));
    std::memcpy(frames.data() + at, rest.data(), size);
    at += size;
    rest = rest.subspan(size);
  }
  frames.resize(at);
  put(frames);
  return total;
}

// All of it as one frame, or as much as the frame under way still needs.
Result<std::size_t> WsTransport::write_one(std::span<const IoSlice> slices) {
  std::array<IoSlice, slices_max + 1> list;
  std::array<std::uint8_t, 14> header;
  std::size_t header_size = 0;
  slices = slices.first(std::min(slices.size(), slices_max));
  if (frame_left_ == 0) {
    for (const IoSlice& slice : slices) frame_left_ += slice.size;
    header_size = write_ws_header(WsOpcode::binary, frame_left_, nullptr, header);
    list[0] = {header.data(), header_size};
  }
  std::size_t count = header_size > 0 ? 1 : 0;
  std::uint64_t left = frame_left_;
  for (const IoSlice& slice : slices) {
    if (left == 0) break;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, slice.size));
    list[count++] = {slice.data, size};
    left -= size;
  }
  const auto sent = beneath().write({list.data(), count});
  if (!sent || *sent < header_size) {
    if (!sent && sent.error().code != ErrorCode::would_block) return sent;
    // The frame is as long as its header says: what the caller has then goes into it.
    pending_.assign(header.begin() + static_cast<std::ptrdiff_t>(sent.value_or(0)),
                    header.begin() + static_cast<std::ptrdiff_t>(header_size));
    return fail(ErrorCode::would_block, "the peer does not read");
  }
  frame_left_ -= *sent - header_size;
  if (frame_left_ == 0 && !pong_.empty()) put(std::exchange(pong_, {}));
  return *sent - header_size;
}

Result<std::size_t> WsTransport::write_masked(std::span<const IoSlice> slices) {
  std::size_t total = 0;
  for (const IoSlice& slice : slices) {
    for (std::size_t at = 0; at < slice.size; at += masked_bytes_max) {
      if (!pending_.empty()) return total;
      const std::size_t size = std::min(masked_bytes_max, slice.size - at);
      std::vector<std::uint8_t> frame(14 + size);
      const auto mask = draw_mask();
      const std::size_t header = write_ws_header(WsOpcode::binary, size, mask.data(), frame);
      mask_bytes(slice.data + at, size, doubled_mask(mask.data()), frame.data() + header);
      frame.resize(header + size);
      put(frame);
      total += size;
    }
  }
  return total;
}

void WsTransport::shutdown_write() {
  if (phase_ == Phase::open && !is_close_sent_) {
    constexpr std::array<std::uint8_t, 2> code{WsCode::normal >> 8, WsCode::normal & 0xFF};
    send_control(WsOpcode::close, code);
  }
  static_cast<void>(flush());
  beneath().shutdown_write();
}

}  // namespace sluice::net
