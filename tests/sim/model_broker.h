// SPDX-License-Identifier: Apache-2.0
//
// ModelBroker is what a broker must do, as plainly as it can be said, and the judge of one that
// claims to do it. Clients tell it what they send and see; it knows which subscriptions certainly
// stand and which may stand, and from that what must arrive, what may, and what may not:
//   - no acknowledged QoS 1 or 2 message is lost to a session that had subscribed before it
//   - QoS 2 is delivered once; nothing is delivered more often than it was published
//   - messages of one topic and QoS arrive in their order
//   - nobody gets what was not subscribed; one member of a shared subscription gets a message
//   - a retained message is never older than what the subscriber has seen; in the end it is the
//   last
//   - a will is published once, not before its time, and when it must be
//   - a crash takes nothing that was acknowledged, and brings nothing back
//   - an acknowledgement of durable state does not leave while the log is silent
//
// Owner:   World.      Thread: one.
#pragma once

#include "base/time.h"
#include "codec/types.h"
#include "tests/sim/shards.h"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::sim {

using ClientIndex = std::uint32_t;
using MessageId = std::uint32_t;

/// What a CONNECT says that matters to others.
struct ConnectFacts {
  bool clean_start = true;
  Duration expiry{};  ///< of the session; zero: ends with the connection
  std::uint16_t keep_alive_s = 0;
  bool has_will = false;
  MessageId will = 0;
  Duration will_delay{};
};

struct FilterFacts {
  std::string text;    ///< as in SUBSCRIBE
  std::string filter;  ///< without $share
  bool is_shared = false;
  codec::Qos qos = codec::Qos::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
};

struct Incoming {
  std::string_view topic;
  std::string_view payload;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
  bool dup = false;
  bool is_new = true;  ///< not the repetition of a QoS 2 packet that the client holds
};

enum class Ended : std::uint8_t { goodbye, goodbye_with_will, lost_told, lost_untold };

class ModelBroker {
 public:
  struct Allowances {
    bool may_drop = false;  ///< the queues are so short that messages may be dropped
    /// The disk may be full, or the queues of all subscribers: what was refused, on a connection
    /// that was lost before it said so, may be sent again, too late.
    bool may_refuse = false;
    bool rings_race = false;  ///< rings deliver late, each by itself: causes may come after effects
  };
  ModelBroker(Shards& shards, Totals& totals, const Allowances& allowances)
      : shards_(shards), totals_(totals), allowances_(allowances) {}

  ClientIndex add_client(std::string id);

  MessageId new_message(ClientIndex publisher, std::string topic, codec::Qos qos, bool retain,
                        Instant now);
  MessageId new_will(ClientIndex client, std::string topic, codec::Qos qos, Instant now);
  /// The payload of that message is empty: it clears what is retained.
  void set_clear(MessageId id) { messages_[id].is_clear = true; }
  void on_resent(MessageId id, Instant now);
  void on_acknowledged(MessageId id, bool is_refused, bool has_no_subscribers, Instant now);

  void on_connect_sent(ClientIndex client, const ConnectFacts& facts, Instant now);
  void on_connack(ClientIndex client, bool session_present, Instant now);
  void on_ended(ClientIndex client, Ended how, Instant now);
  /// The broker has closed the connection: the client will notice.
  void on_closed_by_broker(ClientIndex client, Instant now);

  void on_subscribe_sent(ClientIndex client, const FilterFacts& filter, Instant now);
  void on_suback(ClientIndex client, const std::string& text, std::uint8_t code, Instant now);
  void on_unsubscribe_sent(ClientIndex client, const std::string& text, Instant now);
  void on_unsuback(ClientIndex client, const std::string& text, Instant now);
  void on_message(ClientIndex client, const Incoming& incoming, Instant now);

  /// The broker is killed; it starts again from its log.
  void on_crash(Duration restart_grace, Instant now);

  /// Everything has come to rest: what had to arrive has arrived. `drops`: by limits.
  void check_end(std::uint64_t drops);
  /// What a new subscriber of everything was sent as retained.
  void check_retained(const std::map<std::string, MessageId>& retained);
  void fail(std::string what);
  const std::vector<std::string>& failures() const { return failures_; }
  /// The number in a payload; 0 if it has none.
  static MessageId id_of(std::string_view payload);

 private:
  struct Candidate {
    ClientIndex client = 0;
    std::uint32_t epoch = 0;
  };
  struct Message {
    ClientIndex publisher = 0;
    std::string topic;
    codec::Qos qos = codec::Qos::at_most_once;
    bool retain = false;
    bool is_will = false;
    bool is_clear = false;
    bool is_acknowledged = false;
    Instant sent{};
    std::uint32_t sends = 1;
    std::uint32_t crashes_before = 0;
    bool is_in_doubt = false;  // a crash came before its acknowledgement: some shards may have it
    Instant last_sent{};
    Instant acknowledged{};
    std::vector<Candidate> candidates;  // had a subscription when it was sent
    std::vector<std::string> groups;
  };
  struct Subscription {
    FilterFacts facts;
    Instant sent{};
    Instant certain_since = Instant::never();
    Instant possible_until = Instant::never();
    bool is_certain() const { return !certain_since.is_never(); }
  };
  struct Receipt {
    std::uint32_t fresh = 0;
    std::uint32_t all = 0;
    std::uint32_t at_qos_2 = 0;
  };
  struct WillState {
    MessageId message = 0;
    Duration delay{};                // or the session's expiry, if less; longer after a crash
    Duration own_delay{};            // without that
    Instant end = Instant::never();  // the earliest that the connection may have ended
    Ended how = Ended::lost_untold;
    std::uint16_t keep_alive_s = 0;
    bool is_certain = false;  // CONNACK has come
    bool is_anew = false;     // the client has asked for a clean start since
    bool is_called_off = false;
    bool is_resolved = false;
    bool is_expected = false;
    bool may_be_resumed = false;           // a CONNECT that nobody answered may have come in time
    Instant published = Instant::never();  // before its end was seen
    bool is_restarted = false;             // the broker was killed before it was due
    Duration expiry{};                     // of the session
    std::vector<Candidate> watchers;
    Instant watched{};  // since when
  };
  struct Client {
    std::string id;
    std::uint32_t epoch = 1;  // counts sessions
    ConnectFacts facts;
    Instant connect_sent{};
    Instant kept_until{};  // until then the session must be there
    bool is_sure = false;  // the session certainly exists
    bool is_connecting = false;
    bool has_closed = true;
    std::uint32_t crashes_seen = 0;
    bool may_be_new = false;  // a CONNECT that nobody answered may have made another session
    std::vector<Subscription> subscriptions;
    std::unordered_map<MessageId, Receipt> receipts;
    std::map<std::pair<std::string, std::pair<codec::Qos, codec::Qos>>, MessageId> last_seen;
    std::map<std::pair<std::string, codec::Qos>, MessageId> last_retained_live;
    std::vector<MessageId> expected;
    std::vector<WillState> wills;
  };

  void let_go(Client& client, const std::string& text, Instant now);
  void forget_watcher(const Client& watcher, const std::string& filter, Instant now);
  void forget_order_in_doubt(Client& client);
  static bool is_in_doubt(const Client& client, const std::string& topic);
  void begin_epoch(Client& client, bool are_subscriptions_possible);
  void resolve_wills(Client& client, Instant now);
  void note_candidates(Message& message, bool is_will);
  /// Who certainly has had a subscription for it since then, and still has.
  std::vector<Candidate> subscribers(const Message& message, Instant since, Instant now) const;
  void check_will(const Client& reader, MessageId id, Instant now);
  void check_live(Client& client, MessageId id, const Incoming& incoming);
  void check_group(const Subscription& member, MessageId id);
  std::uint16_t home_of(const Client& client) const { return shards_.home_of(client.id); }
  bool is_log_silent_since(std::uint16_t home, Instant then) const {
    const Instant since = shards_.log_silent_since(home);
    return !since.is_never() && since < then;
  }
  std::string describe(MessageId id) const;

  Shards& shards_;
  Totals& totals_;
  const Allowances allowances_;
  std::vector<Client> clients_;
  std::vector<Message> messages_{1};  // by id; 0 is none
  std::map<std::string, std::unordered_map<MessageId, std::uint32_t>> group_receipts_;
  std::vector<std::pair<MessageId, std::string>> group_expected_;
  std::uint32_t crashes_ = 0;
  std::vector<std::string> failures_;
};

}  // namespace sluice::sim
