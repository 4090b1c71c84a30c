// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/sim_client.h"

#include <algorithm>

namespace sluice::sim {
namespace {

using testing::PropertyId;
using testing::ReasonCode;
using testing::Version;

constexpr std::uint32_t topics_of_each = 3;
constexpr std::size_t outgoing_max = 10;
constexpr Duration connect_patience = 6s;

std::string topic_of(std::uint64_t client, std::uint64_t number) {
  return "t/c" + std::to_string(client) + "/" + std::to_string(number);
}

}  // namespace

Profile Profile::draw(Rng& rng, ClientIndex index, std::uint32_t clients) {
  Profile p;
  p.id = "c" + std::to_string(index);
  p.version = rng.chance(1, 3) ? Version::v3_1_1 : Version::v5;
  p.is_stable = index < 2 || rng.chance(1, 3);
  if (p.is_stable || rng.chance(1, 2))
    p.expiry = 24h;
  else if (p.version == Version::v5 && rng.chance(1, 2))
    p.expiry = std::chrono::seconds(1 + rng.below(5));
  if (p.version == Version::v3_1_1 && p.expiry > Duration{}) p.expiry = 14 * 24h;
  if (p.is_stable && index >= 2 && rng.chance(2, 3)) {
    // Drawn one after the other: what is drawn first within one expression is the compiler's
    // choice.
    const std::string group = std::to_string(rng.below(2));
    const std::string of = std::to_string(rng.below(clients));
    p.shared_filter = "$share/g" + group + "/t/c" + of + "/#";
  }
  if (rng.chance(1, 2)) p.keep_alive_s = static_cast<std::uint16_t>(3 + rng.below(6));
  if (p.version == Version::v5 && rng.chance(1, 2)) p.limits_receive = true;
  if (p.version == Version::v5 && rng.chance(1, 2))
    p.alias_maximum = static_cast<std::uint16_t>(1 + rng.below(4));
  p.has_will = rng.chance(1, 2);
  if (p.has_will && p.version == Version::v5 && rng.chance(1, 2))
    p.will_delay = std::chrono::seconds(1 + rng.below(4));
  p.is_lazy = rng.chance(1, 2);
  return p;
}

SimClient::SimClient(Surroundings around, Profile profile)
    : around_(around), profile_(std::move(profile)), index_(around.model.add_client(profile_.id)) {}

void SimClient::write(const Bytes& bytes, Instant now) {
  around_.trace.add(bytes);
  link_->send(bytes, now);
  last_sent_ = now;
}

PacketId SimClient::next_id() {
  while (true) {
    last_id_ = last_id_ == 65535 ? PacketId{1} : static_cast<PacketId>(last_id_ + 1);
    const bool is_used =
        std::ranges::any_of(outgoing_,
                            [&](const Outgoing& o) { return o.packet_id == last_id_; }) ||
        std::ranges::any_of(asked_, [&](const Asked& a) { return a.packet_id == last_id_; });
    if (!is_used) return last_id_;
  }
}

bool SimClient::has_subscription(const std::string& text) const {
  return std::ranges::find(subscribed_, text) != subscribed_.end();
}

bool SimClient::is_settled() const {
  return state_ == State::connected && outgoing_.empty() && asked_.empty() && answers_.empty() &&
         held_.empty() && link_->is_quiet();
}

std::string SimClient::describe() const {
  std::string text = profile_.id + (state_ == State::connected ? " connected"
                                    : state_ == State::away    ? " away"
                                                               : " connecting");
  const auto add = [&](const char* name, std::size_t count) {
    if (count > 0) text += ", " + std::string(name) + " " + std::to_string(count);
  };
  add("publishes", outgoing_.size());
  add("requests", asked_.size());
  add("answers", answers_.size());
  add("QoS 2 held", held_.size());
  add("unacknowledged", unacknowledged_.size());
  add("of them on this connection", on_connection_.size());
  add("Receive Maximum", receive_maximum_);
  if (link_ != nullptr) add("bytes that the broker has not read", link_->socket().inbound.size());
  if (link_ != nullptr) add("bytes that have not left the broker", link_->socket().outbound.size());
  return text;
}

void SimClient::connect(Instant now, bool is_calm) {
  around_.links.push_back(std::make_unique<Link>(around_.rng, around_.choices, around_.totals));
  link_ = around_.links.back().get();
  link_->set_slow(false);
  around_.shards.accept(link_->socket());
  const bool is_durable = profile_.expiry > Duration{};
  ConnectFacts facts;
  // In 3.1.1 a clean session ends with its connection.
  const bool is_anew = is_first_ && (profile_.version == Version::v5 || !profile_.is_stable);
  facts.clean_start = !is_durable || is_anew || (!profile_.is_stable && !is_calm && one_in(5));
  facts.expiry =
      profile_.version == Version::v5 || !facts.clean_start ? profile_.expiry : Duration{};
  facts.keep_alive_s = profile_.keep_alive_s;
  facts.has_will = profile_.has_will;
  facts.will_delay = profile_.will_delay;
  testing::Connect packet{.version = profile_.version,
                          .client_id = profile_.id,
                          .clean_start = facts.clean_start,
                          .keep_alive_s = profile_.keep_alive_s};
  if (profile_.version == Version::v5) {
    packet.props.number(
        PropertyId::session_expiry_interval,
        static_cast<std::uint32_t>(
            std::chrono::duration_cast<std::chrono::seconds>(facts.expiry).count()));
    receive_maximum_ = 65535;
    if (profile_.limits_receive) {
      receive_maximum_ = static_cast<std::uint16_t>(1 + below(10));
      packet.props.number(PropertyId::receive_maximum, receive_maximum_);
    }
    if (profile_.alias_maximum > 0)
      packet.props.number(PropertyId::topic_alias_maximum, profile_.alias_maximum);
  }
  if (facts.has_will) {
    const auto qos = static_cast<Qos>(below(3));
    facts.will = around_.model.new_will(index_, "w/" + profile_.id, qos, now);
    packet.will = testing::Will{
        .topic = "w/" + profile_.id, .payload = "m" + std::to_string(facts.will), .qos = qos};
    if (facts.will_delay > Duration{})
      packet.will->props.number(PropertyId::will_delay_interval,
                                static_cast<std::uint32_t>(facts.will_delay / 1s));
  }
  if (facts.clean_start) resume(now, false);
  may_be_new_ |= now >= ended_at_ + kept_for_;
  asked_clean_ = facts.clean_start;
  asked_expiry_ = facts.expiry;
  crashes_at_connect_ = around_.totals.crashes;
  around_.model.on_connect_sent(index_, facts, now);
  ++around_.totals.connects;
  send(packet, now);
  state_ = State::connecting;
  connect_sent_ = now;
}

// What the client keeps of its session, or not.
void SimClient::resume(Instant now, bool session_present) {
  if (!session_present) {
    outgoing_.clear();
    unacknowledged_.clear();
    held_.clear();
    subscribed_.clear();
    return;
  }
  ++around_.totals.resumed;
  if (may_be_new_) {
    // What was under way belonged to a session that is over, here as there.
    outgoing_.clear();
    unacknowledged_.clear();
    held_.clear();
  }
  // A broker that was killed may not know of QoS 1 messages that it had sent. But their packet
  // identifiers must not mean others before the application may be done with them.
  if (crashes_seen_ != crashes_at_connect_) {
    std::erase_if(unacknowledged_, [&](const auto& u) {
      return u.second == Qos::at_least_once && orphans_.contains(u.first);
    });
    orphans_.clear();
    for (const auto& [id, qos] : unacknowledged_)
      if (qos == Qos::at_least_once) orphans_.insert(id);
  }
  crashes_seen_ = crashes_at_connect_;
  for (Outgoing& out : outgoing_) {
    if (out.is_released) {
      send(testing::Pubrel{.packet_id = out.packet_id}, now);
      continue;
    }
    testing::Publish again = out.publish;
    again.dup = true;
    around_.model.on_resent(out.message, now);
    send(again, now);
  }
}

void SimClient::drop_connection_state() {
  link_ = nullptr;
  state_ = State::away;
  inbox_.clear();
  answers_.clear();
  asked_.clear();
  on_connection_.clear();
  aliases_.clear();
}

void SimClient::lose(Instant now, bool is_told, Duration away_for) {
  const bool was_connecting = state_ == State::connecting;
  if (!was_connecting) ended_at_ = now;
  if (!link_->socket().is_closed_by_broker && away_for == Duration{}) ++around_.totals.takeovers;
  around_.model.on_ended(index_, is_told ? Ended::lost_told : Ended::lost_untold, now);
  link_->lose(now, is_told);
  drop_connection_state();
  // A CONNECT that is still under way somewhere must not come after the next one.
  reconnect_at_ = now + away_for + (was_connecting ? Duration(2s) : Duration{});
}

void SimClient::say_goodbye(Instant now) {
  const bool has_will = profile_.version == Version::v5 && one_in(3);
  send(testing::Disconnect{.reason = has_will ? ReasonCode::disconnect_with_will
                                              : ReasonCode::normal_disconnection},
       now);
  ++around_.totals.goodbyes;
  around_.model.on_ended(index_, has_will ? Ended::goodbye_with_will : Ended::goodbye, now);
  link_->finish(now);
  ended_at_ = now;
  drop_connection_state();
  reconnect_at_ = now + std::chrono::milliseconds(below(9'000));
}

void SimClient::note_closed(Instant now) {
  if (link_ != nullptr && link_->socket().is_closed_by_broker)
    around_.model.on_closed_by_broker(index_, now);
}

void SimClient::step(Instant now, bool is_calm) {
  if (state_ == State::away) {
    if (is_calm) reconnect_at_ = std::min(reconnect_at_, now + 2s);
    if (now >= reconnect_at_) connect(now, is_calm);
    return;
  }
  receive(now);
  if (link_ == nullptr) return;
  if (link_->is_ended_by_broker()) {
    // Some stay away for longer than a will waits after a restart.
    const bool is_long = !is_calm && one_in(6);
    lose(now, true, is_long ? Duration(12s) : Duration(std::chrono::milliseconds(below(500))));
    return;
  }
  if (state_ == State::connecting) {
    if (now - connect_sent_ > connect_patience) lose(now, true, 100ms);
    return;
  }
  act(now, is_calm);
  if (link_ != nullptr) send_answers(now, is_calm);
}

void SimClient::act(Instant now, bool is_calm) {
  if (profile_.keep_alive_s > 0 &&
      now - last_sent_ > std::chrono::seconds(profile_.keep_alive_s) / 3)
    send(testing::Pingreq{}, now);
  if (is_calm || profile_.is_auditor) {
    if (is_calm) link_->set_slow(false);
    return;
  }
  const Choices& c = around_.choices;
  if (one_in(c.loss_in)) {
    const Duration away =
        one_in(8) ? Duration(6s) : Duration(std::chrono::milliseconds(below(1'500)));
    lose(now, !one_in(3), away);
  } else if (one_in(c.loss_in * 3)) {
    lose(now, false, Duration{});
  } else if (one_in(c.goodbye_in)) {
    say_goodbye(now);
  } else if (one_in(2'000)) {
    link_->set_slow(true);
  } else if (one_in(300)) {
    link_->set_slow(false);
  } else if (around_.wanted.erase(profile_.id) > 0 || one_in(c.publish_in)) {
    publish(now);
  } else if (one_in(c.subscribe_in) && profile_.shared_filter.empty()) {
    if (!subscribed_.empty() && one_in(2))
      unsubscribe(now);
    else
      subscribe(now, draw_filter());
  }
}

void SimClient::publish(Instant now) {
  const auto qos = static_cast<Qos>(below(3));
  if (qos != Qos::at_most_once && outgoing_.size() >= outgoing_max) return;
  const bool retain = one_in(5) && qos != Qos::at_most_once;
  const bool is_clear = retain && one_in(5);
  testing::Publish packet{
      .topic = topic_of(index_, below(topics_of_each)), .qos = qos, .retain = retain};
  const MessageId id = around_.model.new_message(index_, packet.topic, qos, retain, now);
  if (is_clear) {
    around_.model.set_clear(id);
  } else {
    packet.payload = "m" + std::to_string(id);
    const std::size_t padding = one_in(200) ? below(40'000) : one_in(10) ? below(3'000) : below(30);
    packet.payload.append(padding, '.');
  }
  if (qos != Qos::at_most_once) {
    packet.packet_id = next_id();
    outgoing_.push_back({id, packet.packet_id, packet});
  }
  send(packet, now);
}

FilterFacts SimClient::draw_filter() {
  FilterFacts f;
  const std::string other = "c" + std::to_string(below(around_.choices.clients));
  const std::string number = std::to_string(below(topics_of_each));
  switch (below(10)) {
    case 0:
      f.filter = "t/#";
      break;
    case 1:
      f.filter = "#";
      break;
    case 2:
      f.filter = "+/" + other + "/+";
      break;
    case 3:
      f.filter = "t/+/" + number;
      break;
    case 4:
    case 5:
      f.filter = "t/" + other + "/#";
      break;
    default:
      f.filter = "t/" + other + "/" + number;
      break;
  }
  f.text = f.filter;
  f.qos = static_cast<Qos>(below(3));
  if (profile_.version == Version::v5) {
    f.no_local = one_in(5);
    f.retain_as_published = one_in(8);
  }
  return f;
}

void SimClient::subscribe(Instant now, const FilterFacts& filter) {
  const bool is_asked =
      std::ranges::any_of(asked_, [&](const Asked& a) { return a.text == filter.text; });
  if (is_asked) return;
  asked_.push_back({next_id(), filter.text});
  if (!has_subscription(filter.text)) subscribed_.push_back(filter.text);
  around_.model.on_subscribe_sent(index_, filter, now);
  send(testing::Subscribe{.packet_id = asked_.back().packet_id,
                          .filters = {{.filter = filter.text,
                                       .qos = filter.qos,
                                       .no_local = filter.no_local,
                                       .retain_as_published = filter.retain_as_published}}},
       now);
}

void SimClient::unsubscribe(Instant now) {
  const std::string text = subscribed_[below(subscribed_.size())];
  const bool is_asked = std::ranges::any_of(asked_, [&](const Asked& a) { return a.text == text; });
  if (is_asked || text == "w/#") return;
  std::erase(subscribed_, text);
  asked_.push_back({next_id(), text});
  around_.model.on_unsubscribe_sent(index_, text, now);
  send(testing::Unsubscribe{.packet_id = asked_.back().packet_id, .filters = {text}}, now);
}

}  // namespace sluice::sim
