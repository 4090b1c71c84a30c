// SPDX-License-Identifier: Apache-2.0
// What a SimClient makes of the packets that it gets.
#include "tests/sim/sim_client.h"

#include <algorithm>

namespace sluice::sim {

using testing::PacketType;
using testing::PropertyId;
using testing::ReasonCode;

void SimClient::receive(Instant now) {
  const std::size_t before = inbox_.size();
  link_->receive(inbox_);
  if (inbox_.size() == before) return;
  ByteView stream(inbox_);
  std::size_t left = stream.size();
  while (link_ != nullptr) {
    const ByteView at = stream;
    const auto packet = testing::decode(stream, profile_.version);
    if (!packet) break;
    around_.trace.add(at.first(at.size() - stream.size()));
    left = stream.size();
    on_packet(*packet, now);
  }
  if (link_ != nullptr)
    inbox_.erase(inbox_.begin(), inbox_.end() - static_cast<std::ptrdiff_t>(left));
}

void SimClient::on_packet(const testing::Received& packet, Instant now) {
  if (const auto* connack = std::get_if<testing::Connack>(&packet)) {
    on_connack(*connack, now);
  } else if (const auto* publish = std::get_if<testing::Publish>(&packet)) {
    on_publish(*publish, now);
  } else if (const auto* puback = std::get_if<testing::Puback>(&packet)) {
    on_acknowledged(puback->packet_id, PacketType::puback, puback->reason, now);
  } else if (const auto* pubrec = std::get_if<testing::Pubrec>(&packet)) {
    on_acknowledged(pubrec->packet_id, PacketType::pubrec, pubrec->reason, now);
  } else if (const auto* pubcomp = std::get_if<testing::Pubcomp>(&packet)) {
    on_acknowledged(pubcomp->packet_id, PacketType::pubcomp, pubcomp->reason, now);
  } else if (const auto* pubrel = std::get_if<testing::Pubrel>(&packet)) {
    held_.erase(pubrel->packet_id);
    answer(PacketType::pubcomp, pubrel->packet_id, now);
  } else if (const auto* suback = std::get_if<testing::Suback>(&packet)) {
    const auto asked = std::ranges::find(asked_, suback->packet_id, &Asked::packet_id);
    if (asked == asked_.end())
      return around_.model.fail(profile_.id + " got a SUBACK that it did not ask for");
    around_.model.on_suback(index_, asked->text, suback->codes.at(0), now);
    // Who has just been subscribed to publishes at once: the time to have missed it.
    const std::string publisher = asked->text.substr(0, asked->text.find('/', 2));
    if (publisher.starts_with("t/c")) around_.wanted.insert(publisher.substr(2));
    asked_.erase(asked);
  } else if (const auto* unsuback = std::get_if<testing::Unsuback>(&packet)) {
    const auto asked = std::ranges::find(asked_, unsuback->packet_id, &Asked::packet_id);
    if (asked == asked_.end())
      return around_.model.fail(profile_.id + " got an UNSUBACK that it did not ask for");
    around_.model.on_unsuback(index_, asked->text, now);
    asked_.erase(asked);
  } else if (const auto* disconnect = std::get_if<testing::Disconnect>(&packet)) {
    if (disconnect->reason != ReasonCode::session_taken_over &&
        disconnect->reason != ReasonCode::keep_alive_timeout)
      around_.model.fail(profile_.id + " was told: " + testing::to_text(packet));
  }
}

void SimClient::on_connack(const testing::Connack& connack, Instant now) {
  if (connack.code != 0 || state_ != State::connecting) {
    around_.model.fail(profile_.id + " got " + testing::to_text(connack));
    return;
  }
  state_ = State::connected;
  is_first_ = false;
  around_.model.on_connack(index_, connack.session_present, now);
  if (!asked_clean_) resume(now, connack.session_present);
  may_be_new_ = false;
  kept_for_ = asked_expiry_;
  if (!profile_.shared_filter.empty() && !has_subscription(profile_.shared_filter)) {
    FilterFacts shared;
    shared.text = profile_.shared_filter;
    shared.filter = shared.text.substr(shared.text.find('/', 7) + 1);
    shared.is_shared = true;
    shared.qos = Qos::exactly_once;
    subscribe(now, shared);
  }
  if ((profile_.is_stable || profile_.is_auditor) && !has_subscription("w/#")) {
    FilterFacts watch;
    watch.text = watch.filter = profile_.is_auditor ? "#" : "w/#";
    watch.qos = Qos::exactly_once;
    subscribe(now, watch);
  }
}

std::string SimClient::resolve_topic(const testing::Publish& publish) {
  const std::uint32_t alias = publish.props.number(PropertyId::topic_alias);
  if (alias == 0) return publish.topic;
  if (alias > profile_.alias_maximum)
    around_.model.fail(profile_.id + " got a topic alias above its maximum");
  if (!publish.topic.empty()) aliases_[alias] = publish.topic;
  return aliases_[alias];
}

// Limits that the client has set, and the rules of packet identifiers.
void SimClient::count_under_way(const testing::Publish& publish) {
  const PacketId id = publish.packet_id;
  if (!publish.dup && unacknowledged_.contains(id))
    around_.model.fail(profile_.id + ": packet identifier " + std::to_string(id) +
                       " is used again while under way");
  unacknowledged_[id] = publish.qos;
  on_connection_.insert(id);
  if (on_connection_.size() > receive_maximum_)
    around_.model.fail(profile_.id + " got more than its Receive Maximum of " +
                       std::to_string(receive_maximum_));
}

void SimClient::on_publish(const testing::Publish& publish, Instant now) {
  Incoming incoming;
  const std::string topic = resolve_topic(publish);
  incoming.topic = topic;
  incoming.payload = publish.payload;
  incoming.qos = publish.qos;
  incoming.retain = publish.retain;
  incoming.dup = publish.dup;
  if (publish.qos != Qos::at_most_once) count_under_way(publish);
  if (publish.qos == Qos::exactly_once) incoming.is_new = held_.insert(publish.packet_id).second;
  around_.model.on_message(index_, incoming, now);
  if (profile_.is_auditor && publish.retain) retained_[topic] = ModelBroker::id_of(publish.payload);
  if (publish.qos == Qos::at_least_once) answer(PacketType::puback, publish.packet_id, now);
  if (publish.qos == Qos::exactly_once) answer(PacketType::pubrec, publish.packet_id, now);
}

void SimClient::answer(PacketType type, PacketId id, Instant now) {
  Instant due = now;
  if (profile_.is_lazy) due = now + std::chrono::milliseconds(below(400));
  if (!answers_.empty()) due = std::max(due, answers_.back().due);
  answers_.push_back({due, type, id});
}

void SimClient::send_answers(Instant now, bool is_calm) {
  while (!answers_.empty() && (is_calm || answers_.front().due <= now)) {
    const Answer next = answers_.front();
    answers_.pop_front();
    if (next.type == PacketType::pubrec) {
      send(testing::Pubrec{.packet_id = next.packet_id}, now);
      continue;
    }
    unacknowledged_.erase(next.packet_id);
    on_connection_.erase(next.packet_id);
    if (next.type == PacketType::puback)
      send(testing::Puback{.packet_id = next.packet_id}, now);
    else
      send(testing::Pubcomp{.packet_id = next.packet_id}, now);
  }
}

void SimClient::on_acknowledged(PacketId id, PacketType type, ReasonCode reason, Instant now) {
  const auto found = std::ranges::find(outgoing_, id, &Outgoing::packet_id);
  const auto expected = found == outgoing_.end()                            ? PacketType::connect
                        : found->publish.qos == Qos::at_least_once          ? PacketType::puback
                        : found->is_released && type == PacketType::pubcomp ? PacketType::pubcomp
                                                                            : PacketType::pubrec;
  if (expected != type) {
    around_.model.fail(profile_.id + " got " + codec::to_string(type) + " " + std::to_string(id) +
                       " that it did not wait for");
    return;
  }
  if (type != PacketType::pubcomp)
    around_.model.on_acknowledged(found->message, codec::is_failure(reason),
                                  reason == ReasonCode::no_matching_subscribers, now);
  if (type == PacketType::pubrec && !codec::is_failure(reason)) {
    found->is_released = true;
    send(testing::Pubrel{.packet_id = id}, now);
    return;
  }
  outgoing_.erase(found);
}

}  // namespace sluice::sim
