// SPDX-License-Identifier: Apache-2.0
//
// A broker with two clients of one version, which most tests begin with.
#pragma once

#include "tests/conformance/raw_exchange.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sluice::testing {

inline constexpr auto qos_0 = Qos::at_most_once;
inline constexpr auto qos_1 = Qos::at_least_once;
inline constexpr auto qos_2 = Qos::exactly_once;

/// CONNECT of MQTT 5; the session lives on for `expiry_s`.
inline Connect five(std::string id, std::uint32_t expiry_s = 0, bool clean = true) {
  Connect connect{.client_id = std::move(id), .clean_start = clean};
  if (expiry_s > 0) connect.props.number(PropertyId::session_expiry_interval, expiry_s);
  return connect;
}

inline Connect three(std::string id, bool clean_session = true) {
  return {.version = Version::v3_1_1, .client_id = std::move(id), .clean_start = clean_session};
}

template <Version version>
class Pair : public ::testing::Test {
 protected:
  Broker broker_;
  Client& client_ = broker_.connect({.version = version, .client_id = "a"});
  Client& other_ = broker_.connect({.version = version, .client_id = "b"});

  Client& connect(std::string id) {
    return broker_.connect({.version = version, .client_id = std::move(id)});
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
};

}  // namespace sluice::testing
