// SPDX-License-Identifier: Apache-2.0
//
// A WsTransport is a WebSocket on another transport, either end of it: the bytes of a stream in
// binary frames. What is received is unmasked where it lies; what a server sends is a header and
// the caller's own slices, or, where these are several packets, a copy with a frame for each.
//
// Owner, Thread, Never: as Transport.
// Limits:  head_bytes_max for the request to upgrade; pending_bytes_max of answers to pings, beyond
//          it pings go unanswered.
// Spec:    RFC 6455; MQTT 5.0 §6.
#pragma once

#include "base/rng.h"
#include "net/http/http_parser.h"
#include "net/transport/layered_transport.h"
#include "net/transport/ws/packet_cuts.h"
#include "net/transport/ws/ws_frame.h"
#include "net/transport/ws/ws_handshake.h"

#include <memory>
#include <string>
#include <vector>

namespace sluice::net {

class WsTransport final : public LayeredTransport {
 public:
  static constexpr std::uint32_t head_bytes_max = 16384;
  static constexpr std::size_t pending_bytes_max = 65536;

  /// The server's end.
  WsTransport(const WsServerOptions& options, std::unique_ptr<Transport> beneath);
  /// The client's end; the request's key is drawn. `seed` is secret: masks come from it.
  WsTransport(UpgradeRequest request, std::uint64_t seed, std::unique_ptr<Transport> beneath);
  ~WsTransport() override;

  Result<std::size_t> read(MutableByteView into) override;
  Result<std::size_t> write(std::span<const IoSlice> slices) override;
  void shutdown_write() override;
  void reset_on_close() override;
  bool has_buffered_input() const override { return is_more_buffered_; }
  bool has_pending_output() const override {
    return !pending_.empty() || beneath().has_pending_output();
  }
  Result<void> flush() override;
  bool is_handshaking() const override { return phase_ == Phase::upgrade; }
  Result<void> handshake() override;
  Peer peer() const override { return peer_; }

 private:
  enum class Phase : std::uint8_t { upgrade, open, broken };
  struct Upgrade;  ///< what is needed until it is done

  Result<void> read_head();
  Result<void> take_request(ByteView bytes);
  Result<void> take_answer(ByteView bytes);
  Result<std::size_t> decode(MutableByteView bytes);
  Failure stop(std::uint16_t code, const char* problem);
  void send_control(WsOpcode opcode, ByteView body);
  void put(ByteView bytes);
  Result<std::size_t> write_masked(std::span<const IoSlice> slices);
  Result<std::size_t> write_one(std::span<const IoSlice> slices);
  std::size_t write_packets(std::span<const IoSlice> slices, std::size_t total);
  bool is_one_packet(std::span<const IoSlice> slices, std::size_t total) const;
  std::array<std::uint8_t, 4> draw_mask();

  std::unique_ptr<Upgrade> upgrade_;
  WsInput input_;
  std::vector<std::uint8_t> early_;    ///< came behind the head, not yet decoded
  std::vector<std::uint8_t> pending_;  ///< taken, and not by the transport beneath
  std::vector<std::uint8_t> pong_;     ///< a control frame that waits for the end of a frame
  std::uint64_t frame_left_ = 0;       ///< bytes that the frame under way still needs
  PacketCuts cuts_;                    ///< of what a server sends
  Rng masks_;
  Peer peer_;
  const WsSide side_;
  Phase phase_ = Phase::upgrade;
  bool is_close_sent_ = false;
  bool is_close_received_ = false;
  bool is_more_buffered_ = false;
  bool is_reset_ = false;
};

}  // namespace sluice::net
