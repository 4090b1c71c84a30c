// SPDX-License-Identifier: Apache-2.0
//
// The other end of a ClientMachine in a test: what the client sends is decoded into lines such as
// "PUBLISH 1 q1 t=a p=x", what the server sends is given as packets, and the clock is a number.
#pragma once

#include "client/machine/client_machine.h"
#include "codec/codec.h"

#include <string>
#include <vector>

namespace sluice::client {

std::string describe(const codec::Packet& packet);

/// Writes each event as a line.
class RecordedEvents : public ClientEvents {
 public:
  void on_connected(const Connected& connected) override;
  void on_refused(const codec::Connack& connack) override;
  void on_message(const Message& message) override;
  void on_published(const Published& published) override;
  void on_subscribed(const codec::Suback& ack) override;
  void on_unsubscribed(const codec::Unsuback& ack) override;
  void on_lost(codec::PacketId id) override;
  void on_auth(const codec::Auth& auth) override;
  void on_pong() override;
  void on_ended(const Ending& ending) override;

  /// The lines since the last call.
  std::vector<std::string> take();

  std::vector<DeliveryId> deliveries;
  Error last_error;

 private:
  std::vector<std::string> lines_;
};

class ScriptedServer {
 public:
  explicit ScriptedServer(MachineOptions options) : machine(std::move(options), events) {}

  /// Opens a connection and drops the CONNECT.
  void open();
  /// Opens, and answers with this CONNACK.
  void connect(const codec::Connack& connack = {});
  void close();
  void send(const codec::Packet& packet);
  void send_bytes(ByteView bytes) { machine.on_bytes(bytes, now); }
  void advance(Duration time);
  /// What the client has sent since the last call.
  std::vector<std::string> received();
  std::vector<std::string> told() { return events.take(); }
  Result<codec::PacketId> publish(std::string_view topic, std::string_view payload,
                                  codec::Qos qos = codec::Qos::at_most_once);

  RecordedEvents events;
  ClientMachine machine;
  Instant now{1'000'000'000};
};

/// A PUBLISH from the server.
codec::Publish message(std::string_view topic, std::string_view payload, codec::Qos qos,
                       codec::PacketId id = 0);

/// Options of MQTT 5 and 3.1.1 with the client id "c"; those of a client that keeps its session.
MachineOptions v5();
MachineOptions v3();
MachineOptions keeping_session();
/// Answers to a CONNECT.
codec::Connack session_present();
codec::Connack refusal(std::uint8_t code);

/// Properties for a packet of the server, kept alive with the object.
class BuiltProperties {
 public:
  BuiltProperties& number(codec::PropertyId id, std::uint32_t value);
  BuiltProperties& text(codec::PropertyId id, std::string_view value);
  codec::Properties view();

 private:
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(512);
  codec::PropertyWriter writer_{buffer_};
};

}  // namespace sluice::client
