// SPDX-License-Identifier: Apache-2.0
//
// ClientScript is what scripts say to a broker and expect of it, whatever lies between them:
// packets that are sent, packets that must come, nothing that may come, the end of the connection.
//
// Owner:   the broker under test.      Thread: one.
#pragma once

#include "tests/support/packets.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <type_traits>

namespace sluice::testing {

class ClientScript {
 public:
  virtual ~ClientScript() = default;

  virtual void send_bytes(const Bytes& bytes) = 0;
  /// The next packet from the broker; nothing once the broker has done all that it had to do.
  virtual std::optional<Received> receive() = 0;
  virtual bool is_closed() = 0;
  /// The network connection ends without DISCONNECT.
  virtual void cut() = 0;

  /// Sends packets in one piece, then lets the broker work until nothing is left to do.
  template <class... Packets>
  void send(const Packets&... packets) {
    Bytes bytes;
    (append(bytes, packets), ...);
    send_bytes(bytes);
  }
  template <class Packet>
  Bytes bytes_of(const Packet& packet) const {
    return encode(packet, version_);
  }

  /// The next packet from the broker, which must be as given. Returns what came.
  template <class Packet>
  Packet expect(const Packet& expected) {
    const auto received = receive_expected();
    if (!received) {
      ADD_FAILURE() << "expected " << to_text(expected) << ", but nothing came";
      return {};
    }
    EXPECT_TRUE(is_expected(expected, *received))
        << "expected " << to_text(expected) << "\n     got " << to_text(*received);
    const auto* packet = std::get_if<Packet>(&*received);
    return packet != nullptr ? *packet : Packet{};
  }
  /// The next packet if it is of that kind; the test fails otherwise.
  template <class Packet>
  Packet take() {
    const auto received = receive_expected();
    const auto* packet = received ? std::get_if<Packet>(&*received) : nullptr;
    if (packet == nullptr)
      ADD_FAILURE() << "another packet than expected: "
                    << (received ? to_text(*received) : "nothing");
    return packet != nullptr ? *packet : Packet{};
  }
  void expect_nothing() {
    if (const auto packet = receive())
      ADD_FAILURE() << "nothing was expected, but " << to_text(*packet) << " came";
  }
  /// The broker has closed, and sent nothing more.
  void expect_closed() {
    expect_end();
    EXPECT_TRUE(is_closed()) << "the broker has not closed the connection";
  }
  /// The broker has closed; an MQTT 5 client was told why.
  void expect_disconnect(ReasonCode reason) {
    expect(Disconnect{.reason = reason});
    expect_closed();
  }

  void set_version(Version version) { version_ = version; }
  Version version() const { return version_; }

 protected:
  /// receive(), where a packet must come: it may be waited for.
  virtual std::optional<Received> receive_expected() { return receive(); }
  /// expect_nothing(), where the end must come.
  virtual void expect_end() { expect_nothing(); }
  virtual void note_sent(PacketType) {}

 private:
  void append(Bytes& out, const Connect& packet) {
    version_ = packet.version;
    append_bytes(out, encode(packet, version_));
  }
  template <class Packet>
  void append(Bytes& out, const Packet& packet) {
    if constexpr (std::is_same_v<Packet, Pingreq>) note_sent(PacketType::pingreq);
    append_bytes(out, encode(packet, version_));
  }

 protected:
  static void append_bytes(Bytes& out, const Bytes& more) {
    out.insert(out.end(), more.begin(), more.end());
  }

 private:
  Version version_ = Version::v5;
};

}  // namespace sluice::testing
