// SPDX-License-Identifier: Apache-2.0
//
// A broker with two clients of one version, which most tests begin with.
#pragma once

#include "tests/conformance/raw_exchange.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sluice::testing {

/// CONNECT of MQTT 5; the session lives on for `expiry_s`.
inline Connect five(std::string id, std::uint32_t expiry_s = 0, bool clean = true) {
  Connect connect{.client_id = std::move(id), .clean_start = clean};
  if (expiry_s > 0) connect.props.number(PropertyId::session_expiry_interval, expiry_s);
  return connect;
}

inline Connect three(std::string id, bool clean_session = true) {
  return {.version = Version::v3_1_1, .client_id = std::move(id), .clean_start = clean_session};
}

/// With InProcessBroker where the test moves the clock, or looks inside.
template <Version version, class TestedBroker = Broker>
class Pair : public ::testing::Test {
 protected:
  TestedBroker broker_;
  Client& client_ = broker_.connect({.version = version, .client_id = "a"});
  Client& other_ = broker_.connect({.version = version, .client_id = "b"});

  Client& connect(const std::string& id) {
    return broker_.connect({.version = version, .client_id = id});
  }
  /// A client whose session outlives its connection.
  static Connect keeping(std::string id, bool clean = false) {
    return version == Version::v5 ? five(std::move(id), 600, clean) : three(std::move(id), clean);
  }
  /// Publishes, and goes through the exchange of its QoS.
  static void publish(Client& client, Publish packet) {
    packet.packet_id = packet.qos == qos_0 ? PacketId{0} : PacketId{77};
    client.send(packet);
    if (packet.qos == qos_0) return;
    if (packet.qos == qos_1) {
      EXPECT_EQ(client.template take<Puback>().packet_id, 77);
      return;
    }
    EXPECT_EQ(client.template take<Pubrec>().packet_id, 77);
    client.send(Pubrel{.packet_id = 77});
    client.expect(Pubcomp{.packet_id = 77});
  }

  // What both versions ask in the same words.

  void expect_the_order_of_what_was_queued() {
    Client& away = broker_.connect(keeping("s"));
    subscribe(away, {"#", qos_1});
    away.cut();
    for (int i = 0; i < 30; ++i)
      publish(client_,
              {.topic = "t/" + std::to_string(i % 3), .payload = std::to_string(i), .qos = qos_1});
    Client& back = broker_.resume(keeping("s"));
    for (int i = 0; i < 30; ++i)
      EXPECT_EQ(back.template take<Publish>().payload, std::to_string(i));
  }

  void expect_any_cut_to_be_the_same_stream() {
    subscribe(other_, {"t", qos_1});
    const Bytes bytes = client_.bytes_of(
        Publish{.topic = "t", .payload = std::string(300, 'x'), .qos = qos_1, .packet_id = 9});
    for (const std::uint8_t byte : bytes) client_.send_bytes({byte});
    client_.expect(Puback{.packet_id = 9});
    other_.expect(Publish{.topic = "t", .payload = std::string(300, 'x'), .qos = qos_1});
  }

  void expect_an_end_after_answers_of_another_qos() {
    struct Row {
      Qos qos;
      bool is_received;  // a PUBREC has come before
      std::uint8_t answer;
    };
    for (const auto& [qos, is_received, answer] :
         {Row{qos_1, false, 0x50}, Row{qos_1, false, 0x70}, Row{qos_2, false, 0x40},
          Row{qos_2, false, 0x70}, Row{qos_2, true, 0x40}}) {
      Client& client = connect("s");
      subscribe(client, {"t", qos_2});
      publish(client_, {.topic = "t", .qos = qos});
      const PacketId id = client.template take<Publish>().packet_id;
      if (is_received) client.send(Pubrec{.packet_id = id});
      if (is_received) client.expect(Pubrel{.packet_id = id});
      client.send_bytes(Bytes{answer, 2, static_cast<std::uint8_t>(id >> 8),
                              static_cast<std::uint8_t>(id & 0xFF)});
      if constexpr (version == Version::v5)
        client.expect_disconnect(ReasonCode::protocol_error);
      else
        client.expect_closed();
    }
  }
};

}  // namespace sluice::testing
