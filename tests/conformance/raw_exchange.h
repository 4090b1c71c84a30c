// SPDX-License-Identifier: Apache-2.0
//
// Short ways to say what conformance tests say most: bytes that no client may send, and what the
// broker does about them. Bytes are written as tests/support/wire.h reads them.
#pragma once

#include "tests/support/broker_under_test/broker_under_test.h"
#include "tests/support/wire.h"

#include <string>

namespace sluice::testing {

inline constexpr auto malformed = ReasonCode::malformed_packet;
inline constexpr auto protocol_error = ReasonCode::protocol_error;

/// As the first bytes of a connection: closed without a CONNACK, as 3.1.1 has it.
inline void expect_closed_at_once(const std::string& bytes) {
  Broker broker;
  Client& client = broker.open();
  client.set_version(Version::v3_1_1);
  client.send_bytes(wire(bytes));
  client.expect_closed();
}

/// As the first bytes of a connection: CONNACK with that code, then closed.
inline void expect_refused(const std::string& bytes, Version version, std::uint8_t code) {
  Broker broker;
  Client& client = broker.open();
  client.set_version(version);
  client.send_bytes(wire(bytes));
  client.expect(Connack{.code = code});
  client.expect_closed();
}

/// From a client of MQTT 3.1.1 that is connected: closed.
inline void expect_closed_after(const std::string& bytes) {
  Broker broker;
  Client& client = broker.connect({.version = Version::v3_1_1, .client_id = "a"});
  client.send_bytes(wire(bytes));
  client.expect_closed();
}

/// From a client of MQTT 5.0 that is connected: told why, and closed.
inline void expect_disconnected_after(const std::string& bytes, ReasonCode reason) {
  Broker broker;
  Client& client = broker.connect({.client_id = "a"});
  client.send_bytes(wire(bytes));
  client.expect_disconnect(reason);
}

/// SUBSCRIBE with its SUBACK.
inline void subscribe(Client& client, const Filter& filter) {
  client.send(Subscribe{.packet_id = 9, .filters = {filter}});
  client.expect(Suback{.packet_id = 9, .codes = {static_cast<std::uint8_t>(filter.qos)}});
}

}  // namespace sluice::testing
