// SPDX-License-Identifier: Apache-2.0
//
// A ClientMachine is one MQTT client as a state machine: bytes, operations and the time go in,
// bytes to send and ClientEvents come out. It outlives connections: what is in flight is sent again
// on the next one if the server kept the session.
//
//   machine.on_opened(now);                                   // a transport is connected
//   while (…) { send(machine.output()); machine.consume(n); machine.on_bytes(received, now); }
//   machine.on_closed(error, now);                            // the transport is gone
//
// Owner:   a driver (client runtime, simulator, load generator).      Thread: its owner's.
// Never:   I/O, clock, randomness; allocation for a QoS 0 message once warm.
// Limits:  MachineOptions: inflight_max, receive_maximum, packet_bytes_max, topic_alias_max.
// Spec:    MQTT 5.0 §3, §4; MQTT 3.1.1 §3, §4.
#pragma once

#include "client/machine/events.h"
#include "client/machine/inbound_window.h"
#include "client/machine/keep_alive.h"
#include "client/machine/options.h"
#include "client/machine/outbound_window.h"
#include "client/machine/output_buffer.h"
#include "client/machine/packet_assembler.h"
#include "client/machine/server_limits.h"
#include "client/machine/topic_aliases.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::client {

enum class MachineState : std::uint8_t {
  idle,        ///< no connection
  connecting,  ///< CONNECT is out
  connected,
  closing,  ///< the driver sends what is left of the output, closes, and calls on_closed()
};

class ClientMachine {
 public:
  /// `events` outlives the machine. REQUIRES: check_options(options) succeeds.
  ClientMachine(MachineOptions options, ClientEvents& events);
  ClientMachine(const ClientMachine&) = delete;
  ClientMachine& operator=(const ClientMachine&) = delete;

  /// What the next CONNECT carries. REQUIRES: no connection, and properties that check_options()
  /// accepts.
  void set_connect_properties(std::vector<std::uint8_t> properties);

  // What happens to the connection.
  void on_opened(Instant now);
  /// Any cut of the stream. The bytes are not kept.
  void on_bytes(ByteView bytes, Instant now);
  void on_closed(const Error& cause, Instant now);
  void on_deadline(Instant now);
  /// When on_deadline() is due.
  Instant next_deadline() const;

  // What the user wants. All fail with `closed` unless connected, with invalid_argument where the
  // server said that it does not take it, with packet_too_large above its Maximum Packet Size.

  /// `dup` and `packet_id` of the argument are ignored. The identifier is 0 at QoS 0. would_block
  /// if the window or the server's Receive Maximum is full: try again after on_published().
  Result<codec::PacketId> publish(const codec::Publish& publish, Instant now);
  Result<codec::PacketId> subscribe(const codec::Subscribe& subscribe, Instant now);
  Result<codec::PacketId> unsubscribe(const codec::Unsubscribe& unsubscribe, Instant now);
  /// Only with Acknowledge::manually. not_found if the delivery is acknowledged or its connection
  /// is gone: then there is nothing left to do.
  Result<void> acknowledge(DeliveryId delivery, codec::ReasonCode reason, Instant now);
  /// A step of the authentication whose method stands in the CONNECT properties.
  Result<void> auth(const codec::Auth& auth, Instant now);
  Result<void> ping(Instant now);
  /// The properties are MQTT 5 only. Also allowed while connecting.
  Result<void> disconnect(const codec::Disconnect& disconnect, Instant now);

  // What is to be sent.
  ByteView output() const { return output_.view(); }
  void consume(std::size_t bytes) { output_.consume(bytes); }
  /// Where output() begins and ends, counted over the machine's life. Lost bytes count as sent.
  std::uint64_t output_begin() const { return output_.taken(); }
  std::uint64_t output_end() const { return output_.taken() + output_.size(); }

  MachineState state() const { return state_; }
  bool is_connected() const { return state_ == MachineState::connected; }
  const ServerLimits& server_limits() const { return limits_; }
  /// As asked for, or as the server assigned it.
  const std::string& client_id() const { return client_id_; }
  /// QoS > 0 publishes that publish() would take now.
  std::size_t send_quota() const;
  /// Operations whose answers are outstanding.
  std::size_t waiting() const { return outbound_.size(); }
  const MachineOptions& options() const { return options_; }

 private:
  enum class ResendForm : std::uint8_t { repeat, anew };

  void receive(const codec::FrameResult& frame, ByteView packet, Instant now);
  /// `form` is v3_1_1 also for the answer of a server that does not know MQTT 5.
  void receive_connack(const codec::Connack& connack, codec::Version form, Instant now);
  Result<void> check_connack(const codec::Connack& connack, codec::Version form) const;
  void adopt(const codec::Connack& connack, Instant now);
  void receive_publish(codec::Publish& publish, Instant now);
  void receive_qos_1(const codec::Publish& publish, Instant now);
  void receive_qos_2(const codec::Publish& publish, Instant now);
  void receive_puback(const codec::Puback& ack, Instant now);
  void receive_pubrec(const codec::Pubrec& ack, Instant now);
  void receive_pubcomp(const codec::Pubcomp& ack, Instant now);
  void receive_pubrel(const codec::Pubrel& release, Instant now);
  void receive_suback(const codec::Suback& ack);
  void receive_unsuback(const codec::Unsuback& ack);
  void receive_disconnect(const codec::Disconnect& disconnect);
  void receive_auth(const codec::Auth& auth);
  void receive_other(const codec::Packet& packet, Instant now);

  template <class P>
  Result<void> send(const P& packet, Instant now);
  void send_ack(codec::PacketType type, codec::PacketId id, codec::ReasonCode reason, Instant now);
  void send_ready_acks(Instant now);
  void send_ping(Instant now);
  Result<void> check_publish(const codec::Publish& publish) const;
  Result<codec::PacketId> publish_with_id(codec::Publish publish, Instant now);
  void restore(const RestoredPublish& restored);
  void store(OutboundWindow::Entry& entry, const codec::Publish& publish);
  void complete(codec::PacketId id, const Published& published);
  void resume_session(ResendForm form);
  void discard_session();
  void lose_requests();
  void pump(Instant now);

  void fail_connection(const Error& error, Instant now);
  void protocol_failure(codec::ReasonCode reason, const char* detail, Instant now);
  void end(const Ending& ending);

  MachineOptions options_;
  ClientEvents& events_;
  MachineState state_ = MachineState::idle;
  OutputBuffer output_;
  PacketAssembler assembler_;
  codec::DecodeLimits decode_limits_;
  OutboundWindow outbound_;
  InboundWindow inbound_;
  TopicAliases aliases_;
  KeepAlive keep_alive_;
  ServerLimits limits_;
  std::string client_id_;
  bool has_session_;  ///< there is state that a server may still have
  bool was_connected_ = false;
  Instant connect_deadline_ = Instant::never();
  std::size_t counted_ = 0;       ///< publishes against the server's Receive Maximum
  std::uint64_t resend_at_ = 0;   ///< positions of the outbound window that are still to be
  std::uint64_t resend_end_ = 0;  ///< sent on this connection
};

}  // namespace sluice::client
