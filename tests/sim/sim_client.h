// SPDX-License-Identifier: Apache-2.0
//
// A SimClient is one MQTT client that does what the seed says: connects and loses its connection,
// subscribes, publishes, acknowledges late, reads slowly, comes back. It keeps its side of the
// session as the standard asks and tells the model all that it does and sees.
//
// Owner:   World.      Thread: one.
#pragma once

#include "tests/sim/link.h"
#include "tests/sim/model_broker.h"
#include "tests/support/packets.h"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sluice::sim {

using testing::Bytes;
using testing::PacketId;
using testing::Qos;

/// What kind of client it is, drawn once.
struct Profile {
  std::string id;
  testing::Version version = testing::Version::v5;
  Duration expiry{};
  bool is_stable = false;     ///< its session never ends
  bool is_auditor = false;    ///< does nothing but look, at the end
  std::string shared_filter;  ///< a member of a group; it has no other subscription then
  std::uint16_t keep_alive_s = 0;
  bool limits_receive = false;  ///< announces a Receive Maximum, another one each time
  std::uint16_t alias_maximum = 0;
  bool has_will = false;
  Duration will_delay{};
  bool is_lazy = false;  ///< acknowledges late

  static Profile draw(Rng& rng, ClientIndex index, std::uint32_t clients);
};

/// All that clients share.
struct Surroundings {
  Rng& rng;
  const Choices& choices;
  Totals& totals;
  Trace& trace;
  Shards& shards;
  ModelBroker& model;
  std::vector<std::unique_ptr<Link>>& links;
  std::set<std::string>& wanted;  ///< clients that somebody has just subscribed to
};

class SimClient {
 public:
  SimClient(Surroundings around, Profile profile);

  /// `is_calm`: no faults any more, nothing new is published.
  void step(Instant now, bool is_calm);
  /// The model hears that the broker has closed the connection, before anybody sees what follows.
  void note_closed(Instant now);
  /// Connected, subscribed, nothing under way.
  bool is_settled() const;
  /// What keeps it from being settled.
  std::string describe() const;
  const std::map<std::string, MessageId>& retained() const { return retained_; }
  const Profile& profile() const { return profile_; }

 private:
  enum class State : std::uint8_t { away, connecting, connected };
  struct Outgoing {
    MessageId message = 0;
    PacketId packet_id = 0;
    testing::Publish publish;
    bool is_released = false;  // PUBREC has come
  };
  struct Answer {
    Instant due;
    testing::PacketType type;
    PacketId packet_id = 0;
  };
  struct Asked {  // SUBSCRIBE and UNSUBSCRIBE under way
    PacketId packet_id = 0;
    std::string text;
  };

  void connect(Instant now, bool is_calm);
  void lose(Instant now, bool is_told, Duration away_for);
  void say_goodbye(Instant now);
  void act(Instant now, bool is_calm);
  void publish(Instant now);
  void subscribe(Instant now, const FilterFacts& filter);
  void unsubscribe(Instant now);
  FilterFacts draw_filter();
  void resume(Instant now, bool session_present);
  void receive(Instant now);
  void on_packet(const testing::Received& packet, Instant now);
  void on_connack(const testing::Connack& connack, Instant now);
  void on_publish(const testing::Publish& publish, Instant now);
  void on_acknowledged(PacketId id, testing::PacketType type, testing::ReasonCode reason,
                       Instant now);
  void answer(testing::PacketType type, PacketId id, Instant now);
  void send_answers(Instant now, bool is_calm);
  void drop_connection_state();
  void count_under_way(const testing::Publish& publish);
  std::string resolve_topic(const testing::Publish& publish);
  PacketId next_id();
  bool has_subscription(const std::string& text) const;
  template <class Packet>
  void send(const Packet& packet, Instant now) {
    write(testing::encode(packet, profile_.version), now);
  }
  void write(const Bytes& bytes, Instant now);
  std::uint64_t below(std::uint64_t bound) { return around_.rng.below(bound); }
  bool one_in(std::uint64_t count) { return count > 0 && around_.rng.chance(1, count); }

  Surroundings around_;
  const Profile profile_;
  const ClientIndex index_;
  State state_ = State::away;
  Link* link_ = nullptr;
  Instant reconnect_at_{};
  Instant connect_sent_{};
  Instant last_sent_{};
  Bytes inbox_;
  PacketId last_id_ = 0;
  std::deque<Outgoing> outgoing_;
  std::deque<Answer> answers_;
  std::vector<Asked> asked_;
  std::vector<std::string> subscribed_;
  std::map<PacketId, Qos> unacknowledged_;  // of the broker, not acknowledged by us
  std::set<PacketId> orphans_;              // of those, sent before a crash
  std::set<PacketId> held_;                 // QoS 2 taken, PUBREL awaited
  std::set<PacketId> on_connection_;        // of unacknowledged_, came on this connection
  std::map<std::uint32_t, std::string> aliases_;
  std::map<std::string, MessageId> retained_;
  std::uint16_t receive_maximum_ = 65535;
  bool asked_clean_ = false;
  Instant ended_at_{};       // the last connection that was answered
  Duration kept_for_{};      // its session, from then on
  Duration asked_expiry_{};  // by the last CONNECT
  bool may_be_new_ = false;  // a CONNECT that nobody answered may have made another session
  bool is_first_ = true;
  std::uint64_t crashes_seen_ = 0;        // before the last CONNECT that was answered
  std::uint64_t crashes_at_connect_ = 0;  // before the last one that was sent
};

}  // namespace sluice::sim
