// SPDX-License-Identifier: Apache-2.0
//
// A Link keeps one ClientMachine connected: it opens a Transport to one of the endpoints, carries
// bytes between it and the machine, falls back to MQTT 3.1.1 if asked to, goes on to the next
// endpoint where one does not accept the client, or to the server that this one names, and connects
// again after a backoff. The owner's reactor says when: on_ready() and on_deadline().
//
// A server that has moved for good is stayed with until it does not accept the client; otherwise
// the next connection begins where the options say.
//
// After operations on machine() outside of an event, call flush().
//
// Owner:   Runtime, or any loop with a Reactor.      Thread: its owner's.
// Never:   waits.
// Limits:  those of MachineOptions; server_references_max; 256 KiB read for each on_ready().
#pragma once

#include "base/rng.h"
#include "client/backoff.h"
#include "client/connector.h"
#include "client/machine/client_machine.h"

#include <memory>
#include <vector>

namespace sluice::client {

enum class FallBack : std::uint8_t { never, to_v3_1_1 };
enum class Reconnect : std::uint8_t { never, always };

struct LinkOptions {
  ConnectorOptions connector;
  MachineOptions machine;
  /// After a refusal of MQTT 5: CONNACK 0x84, or 0x01 of a server that does not know it.
  FallBack fall_back = FallBack::never;
  Reconnect reconnect = Reconnect::never;
  BackoffOptions backoff;
  /// How long the server may take to close after our DISCONNECT: until then its last bytes are
  /// read, so that none of ours are lost.
  Duration linger_timeout = 1s;
  /// How many Server References are followed without a wait between them (MQTT 5); 0: none.
  unsigned server_references_max = 0;
  /// At least this long before the next attempt after another client took the session.
  Duration taken_over_wait = 0s;
};

/// What a Link tells beside ClientEvents.
class LinkEvents {
 public:
  virtual ~LinkEvents() = default;
  /// No endpoint could be reached; `endpoint` is the last one tried.
  virtual void on_unreachable(const Endpoint& endpoint, const Error& error) = 0;
  /// The next attempt comes after this time.
  virtual void on_retry(Duration retry_in) = 0;
  /// The server has named another, which is tried now.
  virtual void on_referred(const Endpoint&) {}
  /// A connection is made, its layers have agreed.
  virtual void on_open(const net::Transport&) {}
  /// CONNECT is about to be written.
  virtual void on_opening(ClientMachine&) {}
};

enum class Reading : std::uint8_t { on, paused };

/// Sees the bytes of a connection, for traces.
class TrafficObserver {
 public:
  virtual ~TrafficObserver() = default;
  /// A connection begins in this version.
  virtual void on_opened(codec::Version version) = 0;
  virtual void on_sent(ByteView bytes) = 0;
  virtual void on_received(ByteView bytes) = 0;
};

class Link final : public ClientEvents {
 public:
  /// All references outlive the link. `token` names its descriptor in the reactor's batches.
  struct Uses {
    os::Reactor& reactor;
    std::uint64_t token;
    Rng& rng;
    ClientEvents& events;
    LinkEvents& link_events;
    TrafficObserver* observer = nullptr;
    /// Shared with others of the same thread; empty: one of its own.
    MutableByteView read_buffer{};
  };
  /// REQUIRES: options that check_options() accepts.
  Link(LinkOptions options, const Uses& uses);

  void start(Instant now);
  void on_ready(const os::Ready& ready, Instant now);
  void on_deadline(Instant now);
  Instant next_deadline() const;
  /// True if bytes wait that no event will announce: call on_ready() again.
  bool has_more_to_read() const {
    return transport_ != nullptr && is_readable_ && reading_ == Reading::on;
  }
  /// While it is paused the server is not read, and not suspected to be dead; pings go on.
  void set_reading(Reading reading) { reading_ = reading; }
  /// Sends what the machine has to say.
  void flush(Instant now);

  /// Drops the connection, or the attempt to make one, at once and for good.
  void stop(Instant now);
  /// What a lost connection means from now on; never: nor is another endpoint tried.
  void set_reconnect(Reconnect reconnect) {
    options_.reconnect = reconnect;
    may_go_on_ = reconnect != Reconnect::never;
  }
  /// True if another address is tried next: the server of this one has not accepted the client.
  bool tries_another() const;
  /// True if the server has just named another one, which is tried next.
  bool is_referred() const { return !referred_.empty(); }
  /// The machine of the current connection; another object after a fall-back.
  ClientMachine& machine() { return *machine_; }
  /// True when nothing will happen any more.
  bool is_over() const { return phase_ == Phase::over; }
  /// Where the connection goes, or went last.
  const Endpoint& endpoint() const { return connector_.endpoint(); }

 private:
  enum class Phase : std::uint8_t {
    opening,
    open,
    lingering,  ///< our DISCONNECT is sent
    waiting,    ///< for the next attempt
    over,
  };

  void proceed(Connector::Progress progress, Instant now);
  void read_some(Instant now);
  void write_some(Instant now);
  void write_failed(const Error& error, Instant now);
  void after_machine(Instant now);
  bool can_fall_back(const codec::Connack& connack) const;
  void linger(Instant now);
  void finish(const Error& error, Instant now);
  void retry_or_end(Instant now);
  void take_reference(codec::ReasonCode reason, const codec::Properties& properties);
  void follow_reference(Instant now);
  void return_home();

  void on_connected(const Connected& connected) override;
  void on_refused(const codec::Connack& connack) override;
  void on_message(const Message& message) override { uses_.events.on_message(message); }
  void on_published(const Published& published) override { uses_.events.on_published(published); }
  void on_subscribed(const codec::Suback& ack) override { uses_.events.on_subscribed(ack); }
  void on_unsubscribed(const codec::Unsuback& ack) override { uses_.events.on_unsubscribed(ack); }
  void on_received(codec::PacketId id) override { uses_.events.on_received(id); }
  void on_lost(codec::PacketId id) override { uses_.events.on_lost(id); }
  void on_auth(const codec::Auth& auth) override { uses_.events.on_auth(auth); }
  void on_pong() override { uses_.events.on_pong(); }
  void on_ended(const Ending& ending) override;

  LinkOptions options_;
  Uses uses_;
  std::unique_ptr<ClientMachine> machine_;
  Connector connector_;
  Backoff backoff_;
  std::vector<std::uint8_t> own_buffer_;
  MutableByteView read_buffer_;
  std::unique_ptr<net::Transport> transport_;
  Phase phase_ = Phase::over;
  Instant phase_deadline_ = Instant::never();
  EndCause end_cause_ = EndCause::transport;
  Reading reading_ = Reading::on;
  bool was_taken_over_ = false;
  bool is_writable_ = false;
  bool is_readable_ = false;
  bool is_falling_back_ = false;
  bool is_accepted_ = false;  ///< by the server of this connection, or the last one
  bool may_go_on_ = true;
  std::vector<Endpoint> referred_;  ///< what the server has named, until it is tried
  unsigned references_ = 0;         ///< followed since the last wait
  bool has_moved_ = false;          ///< the connector's endpoints are of a server that moved
};

}  // namespace sluice::client
