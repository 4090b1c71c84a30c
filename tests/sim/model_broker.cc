// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/model_broker.h"

#include "codec/topic.h"

#include <algorithm>
#include <charconv>

namespace sluice::sim {
namespace {

using codec::Qos;

constexpr std::size_t failures_max = 20;
constexpr Duration linger_max = 3s;

}  // namespace

void ModelBroker::fail(std::string what) {
  if (failures_.size() < failures_max) failures_.push_back(std::move(what));
}

std::string ModelBroker::describe(MessageId id) const {
  const Message& m = messages_[id];
  return "m" + std::to_string(id) + " (" + m.topic + ", QoS " +
         std::to_string(static_cast<int>(m.qos)) + (m.retain ? ", retained" : "") +
         (m.is_will ? ", a will" : "") + ", of " + clients_[m.publisher].id + ", sent at " +
         std::to_string(m.sent.ns / 1'000'000) + " ms)";
}

MessageId ModelBroker::id_of(std::string_view payload) {
  MessageId id = 0;
  if (payload.starts_with('m'))
    std::from_chars(payload.data() + 1, payload.data() + payload.size(), id);
  return id;
}

ClientIndex ModelBroker::add_client(std::string id) {
  clients_.push_back({});
  clients_.back().id = std::move(id);
  return static_cast<ClientIndex>(clients_.size() - 1);
}

std::vector<ModelBroker::Candidate> ModelBroker::subscribers(const Message& message, Instant since,
                                                             Instant now) const {
  std::vector<Candidate> found;
  for (ClientIndex i = 0; i < clients_.size(); ++i) {
    if ((clients_[i].has_closed || clients_[i].is_connecting) && clients_[i].kept_until <= now)
      continue;
    const bool is_subscriber =
        std::ranges::any_of(clients_[i].subscriptions, [&](const Subscription& s) {
          return s.is_certain() && s.certain_since <= since && !s.facts.is_shared &&
                 s.facts.qos > Qos::at_most_once && !(s.facts.no_local && message.publisher == i) &&
                 codec::matches(s.facts.filter, message.topic);
        });
    if (is_subscriber) found.push_back({i, clients_[i].epoch});
  }
  return found;
}

MessageId ModelBroker::new_message(ClientIndex publisher, std::string topic, Qos qos, bool retain,
                                   Instant now) {
  const auto id = static_cast<MessageId>(messages_.size());
  Message& message = messages_.emplace_back();
  message.publisher = publisher;
  message.topic = std::move(topic);
  message.qos = qos;
  message.retain = retain;
  message.sent = message.last_sent = now;
  message.crashes_before = crashes_;
  ++totals_.publishes;
  if (qos == Qos::at_most_once) return id;
  message.candidates = subscribers(message, now, now);
  for (const Client& client : clients_)
    for (const Subscription& s : client.subscriptions)
      if (s.facts.is_shared && s.is_certain() && s.facts.qos > Qos::at_most_once &&
          codec::matches(s.facts.filter, message.topic) &&
          std::ranges::find(message.groups, s.facts.text) == message.groups.end())
        message.groups.push_back(s.facts.text);
  return id;
}

void ModelBroker::on_resent(MessageId id, Instant now) {
  ++messages_[id].sends;
  messages_[id].last_sent = now;
}

MessageId ModelBroker::new_will(ClientIndex client, std::string topic, Qos qos, Instant now) {
  const MessageId id = new_message(client, std::move(topic), qos, false, now);
  messages_[id].is_will = true;
  return id;
}

void ModelBroker::on_acknowledged(MessageId id, bool is_refused, bool has_no_subscribers,
                                  Instant now) {
  Message& message = messages_[id];
  if (message.is_acknowledged || is_refused) return;
  message.is_acknowledged = true;
  message.acknowledged = now;
  const auto still = subscribers(message, message.sent, now);
  for (const Candidate& candidate : message.candidates) {
    const bool stands = std::ranges::any_of(still, [&](const Candidate& other) {
      return other.client == candidate.client && other.epoch == candidate.epoch;
    });
    if (!stands) continue;
    Client& client = clients_[candidate.client];
    client.expected.push_back(id);
    // A full disk ends the connection of a 3.x publisher, and with it a session that lasts no
    // longer.
    const bool may_be_gone = allowances_.may_refuse && client.facts.expiry == Duration{};
    if (has_no_subscribers && !may_be_gone)
      fail(describe(id) + " was acknowledged as without subscribers; " + client.id + " is one");
    const std::uint16_t home = home_of(clients_[message.publisher]);
    if (home_of(client) == home && client.facts.expiry > Duration{} &&
        is_log_silent_since(home, message.sent) && !allowances_.may_drop)
      fail(describe(id) + " was acknowledged at " + std::to_string(now.ns / 1'000'000) +
           " ms, before the log had it");
  }
  for (const std::string& group : message.groups) group_expected_.emplace_back(id, group);
}

void ModelBroker::begin_epoch(Client& client, bool are_subscriptions_possible) {
  ++client.epoch;
  client.expected.clear();
  client.receipts.clear();
  client.last_seen.clear();
  client.last_retained_live.clear();
  client.is_sure = false;
  if (!are_subscriptions_possible) client.subscriptions.clear();
  for (Subscription& s : client.subscriptions) s.certain_since = Instant::never();
}

void ModelBroker::on_connect_sent(ClientIndex index, const ConnectFacts& facts, Instant now) {
  Client& client = clients_[index];
  if (facts.clean_start) {
    for (WillState& will : client.wills)
      if (!will.is_resolved) will.is_anew = true;
    begin_epoch(client, true);
  } else {
    client.may_be_new |= now >= client.kept_until;
    for (WillState& will : client.wills)
      will.may_be_resumed |= !will.end.is_never() && now - will.end <= will.delay + 3s;
  }
  client.facts = facts;
  client.connect_sent = now;
  client.is_connecting = true;
  client.has_closed = false;
  if (!facts.has_will) return;
  WillState will;
  will.message = facts.will;
  will.delay = std::min(facts.will_delay, facts.expiry);
  will.own_delay = will.delay;
  will.expiry = facts.expiry;
  will.keep_alive_s = facts.keep_alive_s;
  client.wills.push_back(will);
}

// What the return of the client means for the wills of its earlier connections.
void ModelBroker::resolve_wills(Client& client, Instant now) {
  for (WillState& will : client.wills) {
    if (will.is_resolved || will.end.is_never()) continue;
    will.is_resolved = true;
    if (!will.is_certain) continue;
    if (will.how == Ended::goodbye) {
      // Nothing but the client could have ended it, and its DISCONNECT had all the time to arrive.
      // (A full disk ends the connection of a 3.x publisher, who may say goodbye before he sees
      // it.)
      will.is_called_off =
          will.keep_alive_s == 0 && client.connect_sent - will.end > 5s && !allowances_.may_refuse;
      continue;
    }
    // A session that has only waited for its will goes without it when its client is back.
    if (will.is_restarted && will.expiry == Duration{}) continue;
    const bool is_late =
        client.connect_sent - will.end > will.delay + 3s && will.how != Ended::lost_untold;
    if (will.delay == Duration{} || client.facts.clean_start || is_late)
      will.is_expected = will.delay == Duration{} || !will.may_be_resumed;
    else if (now < will.end + will.delay && !will.is_anew)
      will.is_called_off = true;
    will.watchers = subscribers(messages_[will.message], messages_[will.message].sent, now);
    will.watched = now;
  }
}

void ModelBroker::on_connack(ClientIndex index, bool session_present, Instant now) {
  Client& client = clients_[index];
  client.is_connecting = false;
  if (session_present && client.facts.clean_start)
    fail(client.id + " asked for a clean start and got an old session");
  if (client.facts.expiry > Duration{} && is_log_silent_since(home_of(client), client.connect_sent))
    fail(client.id + ": CONNACK before the log had the session");
  if (!session_present) {
    if (!client.facts.clean_start && client.is_sure && now < client.kept_until)
      fail(client.id + " came back in time and its session was gone");
    begin_epoch(client, false);
  } else if (client.may_be_new) {
    begin_epoch(client, true);
  }
  client.may_be_new = false;
  resolve_wills(client, now);
  client.is_sure = true;
  // It has seen what was retained before a crash, and not for long.
  if (client.crashes_seen != crashes_) {
    client.last_retained_live.clear();
    forget_order_in_doubt(client);
  }
  client.crashes_seen = crashes_;
  if (client.facts.has_will) client.wills.back().is_certain = true;
}

void ModelBroker::on_closed_by_broker(ClientIndex index, Instant now) {
  Client& client = clients_[index];
  if (client.has_closed) return;
  client.has_closed = true;
  // Whether the broker has seen a CONNECT without CONNACK cannot be told: the older clock may run.
  if (!client.is_connecting) client.kept_until = now + client.facts.expiry;
  if (!client.facts.has_will || !client.wills.back().end.is_never()) return;
  client.wills.back().end = now;
  if (now - client.wills.back().published > linger_max && !client.wills.back().published.is_never())
    fail(describe(client.wills.back().message) + " was published while its connection lived");
}

void ModelBroker::on_ended(ClientIndex index, Ended how, Instant now) {
  Client& client = clients_[index];
  // Nobody reads a DISCONNECT that comes behind the end.
  if (client.has_closed && how == Ended::goodbye) how = Ended::lost_told;
  on_closed_by_broker(index, now);
  if (client.facts.has_will && how != Ended::lost_untold) client.wills.back().how = how;
  if (client.facts.expiry > Duration{}) return;
  for (Subscription& s : client.subscriptions) s.certain_since = Instant::never();
  client.expected.clear();
  client.is_sure = false;
}

void ModelBroker::on_subscribe_sent(ClientIndex index, const FilterFacts& filter, Instant now) {
  Client& client = clients_[index];
  let_go(client, filter.text, now);
  Subscription subscription;
  subscription.facts = filter;
  subscription.sent = now;
  client.subscriptions.push_back(std::move(subscription));
  client.last_retained_live.clear();
}

void ModelBroker::on_suback(ClientIndex index, const std::string& text, std::uint8_t code,
                            Instant now) {
  Client& client = clients_[index];
  for (std::size_t i = client.subscriptions.size(); i-- > 0;) {
    Subscription& s = client.subscriptions[i];
    if (s.facts.text != text || !s.possible_until.is_never()) continue;
    if (s.is_certain()) continue;
    if (code >= 0x80) {
      fail(client.id + " was refused the subscription " + text);
      return;
    }
    if (client.facts.expiry > Duration{} && is_log_silent_since(home_of(client), s.sent))
      fail(client.id + ": SUBACK before the log had the subscription " + text);
    s.certain_since = now;
    // What was live before the broker saw the subscribe may not have reached its owner yet.
    if (allowances_.rings_race) client.last_retained_live.clear();
    // It has replaced those before.
    for (std::size_t k = 0; k < i; ++k) {
      Subscription& older = client.subscriptions[k];
      if (older.facts.text == text && older.possible_until.is_never()) older.possible_until = now;
    }
    return;
  }
}

// What was acknowledged just before may still be between two shards, and come too late.
void ModelBroker::let_go(Client& client, const std::string& text, Instant now) {
  for (Subscription& s : client.subscriptions) {
    if (s.facts.text != text || !s.is_certain()) continue;
    s.certain_since = Instant::never();
    std::erase_if(client.expected, [&](MessageId id) {
      const Message& message = messages_[id];
      return now - message.acknowledged < 2s && !client.receipts.contains(id) &&
             codec::matches(s.facts.filter, message.topic);
    });
    forget_watcher(client, s.facts.filter, now);
  }
}

// Nor does anything order a will of another client before an UNSUBSCRIBE: the standard orders the
// messages of one publisher alone (MQTT 5.0 §4.6).
void ModelBroker::forget_watcher(const Client& watcher, const std::string& filter, Instant now) {
  for (Client& client : clients_)
    for (WillState& will : client.wills)
      if (now - will.watched < 2s && codec::matches(filter, messages_[will.message].topic))
        std::erase_if(will.watchers,
                      [&](const Candidate& c) { return &clients_[c.client] == &watcher; });
}

void ModelBroker::on_unsubscribe_sent(ClientIndex index, const std::string& text, Instant now) {
  let_go(clients_[index], text, now);
}

void ModelBroker::on_unsuback(ClientIndex index, const std::string& text, Instant now) {
  for (Subscription& s : clients_[index].subscriptions)
    if (s.facts.text == text && s.possible_until.is_never()) s.possible_until = now;
}

// What it had answered stands. What it had sent, but for QoS 2, it may send again as if for the
// first time; and connections that have just ended may count as lost by the crash.
void ModelBroker::on_crash(Duration restart_grace, Instant now) {
  constexpr Duration unsure = 10s;  // longer than any log is silent
  ++crashes_;
  for (Message& message : messages_) message.is_in_doubt |= !message.is_acknowledged;
  for (Client& client : clients_) {
    client.last_retained_live.clear();
    for (WillState& will : client.wills) {
      if (will.is_resolved) continue;
      const Instant end = will.end.is_never() ? now : will.end;
      if (will.how == Ended::goodbye ? now - end < unsure : end + will.delay < now) {
        will.is_resolved = true;
        continue;
      }
      Instant due = std::max(end + will.delay, now + restart_grace);
      if (will.expiry > Duration{}) due = std::min(due, end + will.expiry);
      will.delay = due - end;
      will.is_restarted = true;
    }
  }
}

// A SUBSCRIBE or UNSUBSCRIBE without an answer may be undone by the crash, with what came after it
// but the answers: what another shard sends again then finds the subscriptions of before, and comes
// after newer messages that the client was sent in the meantime. At QoS 2 nothing is sent before
// the log has it.
void ModelBroker::forget_order_in_doubt(Client& client) {
  std::erase_if(client.last_seen, [&client](const auto& seen) {
    return seen.first.second.second != Qos::exactly_once && is_in_doubt(client, seen.first.first);
  });
}

// Whether a SUBSCRIBE that may be for it has had no answer yet.
bool ModelBroker::is_in_doubt(const Client& client, const std::string& topic) {
  return std::ranges::any_of(client.subscriptions, [&topic](const Subscription& s) {
    return !s.is_certain() && s.possible_until.is_never() && codec::matches(s.facts.filter, topic);
  });
}

// The turn in which the broker died may have ended the connection itself, and published the will:
// who reads that still has the connection of before, or, where a full disk ends the connections of
// 3.x publishers, a session in which it was queued. MQTT 5.0 §3.1.2.5 lets the broker publish it
// once the connection is closed; the time that it waits after a restart is for what it finds in its
// log.
void ModelBroker::check_will(const Client& reader, MessageId id, Instant now) {
  const Message& message = messages_[id];
  const bool may_be_of_before = reader.crashes_seen != crashes_ ||
                                (allowances_.may_refuse && reader.facts.expiry > Duration{});
  for (WillState& will : clients_[message.publisher].wills) {
    if (will.message != id) continue;
    ++totals_.wills;
    // A broker that waits for the last words to be read is not seen to have ended it.
    const bool may_be_published_before = may_be_of_before && will.is_restarted &&
                                         will.how != Ended::goodbye &&
                                         now >= will.end + will.own_delay;
    if (will.end.is_never())
      will.published = std::min(will.published, now);
    else if (will.is_called_off && !may_be_published_before)
      fail(describe(id) + " was published although it was called off; its connection ended at " +
           std::to_string(will.end.ns / 1'000'000) + " ms, its delay is " +
           std::to_string(will.delay / 1s) + " s" +
           (will.how == Ended::goodbye ? ", by DISCONNECT" : ""));
    else if (now < will.end + (may_be_of_before ? will.own_delay : will.delay) && !will.is_anew &&
             !will.is_resolved)
      fail(describe(id) + " was published before its time");
  }
}

void ModelBroker::check_group(const Subscription& member, MessageId id) {
  const Message& message = messages_[id];
  const std::uint32_t count = ++group_receipts_[member.facts.text][id];
  const std::uint32_t allowed = message.qos == Qos::at_least_once
                                    ? message.sends * (1 + crashes_ - message.crashes_before)
                                    : 1;
  if (count > allowed)
    fail(describe(id) + " went to " + std::to_string(count) + " members of " + member.facts.text);
}

void ModelBroker::check_live(Client& client, MessageId id, const Incoming& incoming) {
  const Message& message = messages_[id];
  const Subscription* shared = nullptr;
  bool is_plain = false;
  bool keeps_retain = false;
  for (const Subscription& s : client.subscriptions) {
    if (s.possible_until < message.sent || !codec::matches(s.facts.filter, message.topic)) continue;
    keeps_retain |= s.facts.retain_as_published;
    if (s.facts.is_shared) shared = &s;
    // What is retained has lost its publisher.
    else if (!s.facts.no_local || message.retain || clients_[message.publisher].id != client.id)
      is_plain = true;
  }
  if (!is_plain && shared == nullptr) {
    fail(client.id + " got " + describe(id) + " without a subscription");
    return;
  }
  // A retained message may come with any subscribe.
  if (message.retain && (incoming.retain || keeps_retain)) {
    const auto seen = client.last_retained_live.find({message.topic, incoming.qos});
    if (!keeps_retain && !incoming.dup && message.sends == 1 &&
        seen != client.last_retained_live.end() && id < seen->second &&
        !messages_[seen->second].is_in_doubt &&
        !(allowances_.rings_race && is_in_doubt(client, message.topic)))
      fail(client.id + " got the retained " + describe(id) + " after the newer m" +
           std::to_string(seen->second));
    ++totals_.retained;
    client.receipts[id].all += 1;
    return;
  }
  if (incoming.retain) fail(client.id + " got " + describe(id) + " with RETAIN");
  if (message.retain) client.last_retained_live[{message.topic, incoming.qos}] = id;
  Receipt& receipt = client.receipts[id];
  const std::uint32_t published = message.qos == Qos::at_least_once ? message.sends : 1;
  const bool is_once = incoming.qos == Qos::exactly_once;
  const std::uint32_t sends = published * (1 + crashes_ - message.crashes_before);
  if (!incoming.is_new) return;
  const bool is_first = receipt.all++ == 0;
  if (is_once) ++receipt.at_qos_2;
  if (!incoming.dup) ++receipt.fresh;
  if (receipt.fresh > sends || (is_once && receipt.at_qos_2 > published && !message.retain))
    fail(client.id + " got " + describe(id) + " " + std::to_string(receipt.all) + " times, sent " +
         std::to_string(message.sends) + " times");
  if (!is_first) return;
  if (shared != nullptr) {
    if (!is_plain) check_group(*shared, id);
    return;
  }
  MessageId& last = client.last_seen[{message.topic, {message.qos, incoming.qos}}];
  // One that was sent again may come late where it did not come the first time: a full disk or a
  // full queue refused it, which its publisher was told on a connection that was lost; or at QoS 0
  // the client was too slow for it, and the broker died before it had answered the publisher.
  const bool may_be_late =
      message.sends > 1 &&
      (allowances_.may_refuse || allowances_.may_drop ||
       (incoming.qos == Qos::at_most_once && crashes_ > message.crashes_before));
  if (id < last && published == 1 && !may_be_late)
    fail(client.id + " got " + describe(id) + " after m" + std::to_string(last));
  last = std::max(last, id);
}

void ModelBroker::on_message(ClientIndex index, const Incoming& incoming, Instant now) {
  ++(incoming.dup ? totals_.redeliveries : totals_.deliveries);
  const MessageId id = id_of(incoming.payload);
  if (incoming.payload.empty() || incoming.topic.starts_with("$SYS")) return;
  if (id == 0 || id >= messages_.size() || messages_[id].topic != incoming.topic) {
    fail(clients_[index].id + " got what nobody sent, on " + std::string(incoming.topic));
    return;
  }
  if (incoming.qos > messages_[id].qos)
    fail(clients_[index].id + " got " + describe(id) + " at a higher QoS");
  if (messages_[id].is_will && incoming.is_new && !incoming.dup)
    check_will(clients_[index], id, now);
  check_live(clients_[index], id, incoming);
}

void ModelBroker::check_end(std::uint64_t drops) {
  std::vector<std::string> lost;
  for (const Client& client : clients_) {
    for (const MessageId id : client.expected)
      if (!messages_[id].is_clear && !client.receipts.contains(id))
        lost.push_back(client.id + " never got " + describe(id));
    for (const WillState& will : client.wills) {
      if (will.end.is_never() && !will.published.is_never())
        fail(describe(will.message) + " was published while its connection lived");
      if (!will.is_expected || messages_[will.message].qos == Qos::at_most_once) continue;
      for (const Candidate& watcher : will.watchers) {
        const Client& to = clients_[watcher.client];
        if (to.epoch == watcher.epoch && !to.receipts.contains(will.message))
          lost.push_back(to.id + " never got " + describe(will.message));
      }
    }
  }
  for (const auto& [id, group] : group_expected_)
    if (!messages_[id].is_clear && !group_receipts_[group].contains(id))
      lost.push_back("no member of " + group + " got " + describe(id));
  if (lost.size() <= drops) return;
  for (std::string& text : lost) fail(std::move(text));
}

void ModelBroker::check_retained(const std::map<std::string, MessageId>& retained) {
  std::map<std::string, MessageId> acknowledged;  // the last
  std::map<std::string, MessageId> cleared;
  // The older may come last if it was sent again: at QoS 1; and at QoS 2 if it may have been
  // refused the first time, which its publisher was told on a connection that was lost.
  std::map<std::string, bool> is_open;
  for (MessageId id = 1; id < messages_.size(); ++id) {
    const Message& message = messages_[id];
    if (!message.retain) continue;
    if (message.is_acknowledged) acknowledged[message.topic] = id;
    const bool may_be_late = message.qos == Qos::at_least_once || allowances_.may_refuse;
    if (may_be_late && message.sends > 1) is_open[message.topic] = true;
    if (message.is_clear) cleared[message.topic] = id;
  }
  for (const auto& [topic, id] : acknowledged) {
    if (is_open[topic]) continue;
    const auto found = retained.find(topic);
    if (found == retained.end()) {
      if (cleared[topic] < id) fail(describe(id) + " was not retained");
    } else if (found->second < id || messages_[found->second].is_clear) {
      fail("retained is " + describe(found->second) + ", not " + describe(id));
    }
  }
  for (const auto& [topic, id] : retained)
    if (!messages_[id].retain) fail(describe(id) + " is retained and should not be");
}

}  // namespace sluice::sim
