// SPDX-License-Identifier: Apache-2.0
//
// Wire is what a benchmark has instead of a client machine for each connection: thousands of
// connections over one reactor, each with the bytes that wait to be sent and, if a packet was cut,
// those that wait to be understood. A turn waits, reads every ready socket, tells the sink what
// came, and writes once for each connection that has something to send. It costs a fraction of what
// a broker spends on the same messages, which is the point.
//
// PUBLISH and acknowledgements are taken apart here without looking at more than a benchmark needs;
// everything else goes through codec::decode.
//
// Owner:   one run of a benchmark.      Thread: its owner's.
// Never:   reconnects, pings, or answers anything by itself: that is the sink's.
#pragma once

#include "base/time.h"
#include "cli/bench/send_buffer.h"
#include "codec/codec.h"
#include "os/file_descriptor.h"
#include "os/reactor/reactor.h"
#include "os/socket/socket_address.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace sluice::cli {

/// Counts connections from 0, in the order of Wire::add().
using LinkIndex = std::uint32_t;

struct WireAck {
  codec::PacketType type = codec::PacketType::puback;
  codec::PacketId packet_id = 0;
  bool is_refused = false;  ///< MQTT 5: with a reason code of 0x80 and above
};

/// Views are valid during the call. A sink may send on, open and close any link.
class WireSink {
 public:
  WireSink() = default;
  WireSink(const WireSink&) = delete;
  WireSink& operator=(const WireSink&) = delete;
  virtual ~WireSink() = default;

  virtual void on_open(LinkIndex link) = 0;
  virtual void on_publish(LinkIndex link, const codec::Publish& publish) = 0;
  virtual void on_ack(LinkIndex link, const WireAck& ack) = 0;
  /// Any other packet.
  virtual void on_packet(LinkIndex link, const codec::Packet& packet) = 0;
  /// The connection ended without close(): the peer, or bytes that are not MQTT.
  virtual void on_lost(LinkIndex link) = 0;
};

struct WireOptions {
  os::SocketAddress address;
  codec::Version version = codec::Version::v3_1_1;
  std::size_t read_bytes = 262'144;  ///< at least one packet of the largest kind, and a half
};

class Wire {
 public:
  /// REQUIRES: a sink before the first turn.
  Wire(os::Reactor& reactor, const WireOptions& options);

  void set_sink(WireSink& sink) { sink_ = &sink; }
  /// How much of a socket is read in a turn before it is the next one's.
  void set_turn_bytes(LinkIndex link, std::size_t bytes) { links_[link].turn_bytes = bytes; }

  LinkIndex add();
  /// REQUIRES: the link is closed.
  Result<void> open(LinkIndex link);
  bool is_open(LinkIndex link) const { return links_[link].socket.is_open(); }
  /// What waits to be sent is dropped.
  void close(LinkIndex link);
  /// As close(), with a reset: no port stays in TIME_WAIT.
  void reset(LinkIndex link);
  std::size_t size() const { return links_.size(); }

  /// Bytes to be filled now and sent at the end of the turn.
  std::uint8_t* send(LinkIndex link, std::size_t size);
  void send(LinkIndex link, ByteView bytes);
  bool has_unsent(LinkIndex link) const { return !links_[link].unsent.is_empty(); }

  /// Waits at most `timeout` for anything to happen, reads, tells.
  void receive(Duration timeout);
  /// Writes what was sent.
  void flush();
  /// The same for one link alone.
  void flush(LinkIndex link);
  /// When the bytes came that the sink is being told of.
  Instant now() const { return now_; }
  /// True once the descriptor given to watch_stop() has become readable.
  bool is_stopped() const { return is_stopped_; }
  Result<void> watch_stop(int fd);

 private:
  struct Link {
    os::FileDescriptor socket;
    SendBuffer unsent;
    std::vector<std::uint8_t> cut;  ///< the beginning of a packet
    std::size_t turn_bytes = 262'144;
    std::uint32_t generation = 0;
    bool is_connecting = false;
    bool is_hung = false;    ///< the peer has ended: there is no further edge
    bool is_full = false;    ///< the socket takes nothing until it says so
    bool is_dirty = false;   ///< stands in dirty_
    bool is_listed = false;  ///< stands in readable_
  };

  void on_ready(const os::Ready& ready);
  void read(LinkIndex link);
  void lose(LinkIndex link);
  /// The bytes that were whole packets.
  std::size_t parse(LinkIndex link, ByteView bytes);
  bool take_packet(LinkIndex link, const codec::FrameResult& frame, ByteView packet);
  bool take_publish(LinkIndex link, std::uint8_t first_byte, ByteView body);
  bool take_ack(LinkIndex link, std::uint8_t first_byte, ByteView body);
  void mark_dirty(LinkIndex link);

  os::Reactor& reactor_;
  WireOptions options_;
  WireSink* sink_ = nullptr;
  std::vector<Link> links_;
  std::vector<LinkIndex> dirty_;
  std::vector<LinkIndex> readable_;  ///< left unread by a turn's bound
  std::vector<LinkIndex> reading_;   ///< readable_ and dirty_ of the turn before,
  std::vector<LinkIndex> flushing_;  ///< while they are walked
  std::vector<std::uint8_t> inbox_;
  Instant now_{};
  bool is_stopped_ = false;
};

}  // namespace sluice::cli
