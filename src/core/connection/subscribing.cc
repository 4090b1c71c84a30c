// SPDX-License-Identifier: Apache-2.0
#include "core/connection/subscribing.h"

#include "codec/topic.h"

namespace sluice::core {
namespace {

using codec::PropertyId;
using codec::ReasonCode;
using codec::RetainHandling;
using codec::Version;

}  // namespace

ReasonCode Subscribing::subscribe(Connection& connection, const codec::FilterView& view,
                                  std::uint32_t id, std::vector<std::uint64_t>& queries) {
  Session& session = c_.state.sessions.at(connection.session);
  const auto split = codec::split_shared_filter(view.filter);
  if (!split) return ReasonCode::topic_filter_invalid;  // [MQTT5-4.8.2-1] [MQTT5-4.8.2-2]
  bool is_shared = split->is_shared();
  if (is_shared && connection.version != Version::v5 && !c_.options.mqtt.shared_subscriptions_v3)
    return ReasonCode::shared_subscriptions_not_supported;
  if (c_.state.subscriptions.count(session.slot) >=
      static_cast<std::size_t>(c_.options.session.subscriptions_max)) {
    ++c_.metrics.limits_hit_subscriptions_max;
    c_.log.warn("subscription_limit_reached",
                {{"client", session.client_id()}, {"limit", "session.subscriptions_max"}});
    return ReasonCode::quota_exceeded;
  }
  // [MQTT3-3.8.4-3] [MQTT5-3.8.4-3]
  const SubscribeOutcome outcome = c_.commit(
      record::Subscribed{session.slot, view.filter, view.options, id}, session.is_durable());
  c_.log.debug("subscription_added", {{"client", session.client_id()},
                                      {"filter", view.filter},
                                      {"qos", static_cast<unsigned>(view.options.qos)}});
  const Subscription subscription{session.slot, id, view.options};
  if (is_shared) {
    session.is_shared_member = true;
    members_.on_subscribed(session, split->share_name, split->filter, subscription);
  } else {
    if (outcome.is_new) interest_.add(view.filter);
    const RetainHandling handling = view.options.retain_handling;
    // [MQTT5-3.3.1-9] [MQTT5-3.3.1-10] [MQTT5-3.3.1-11] [MQTT5-3.8.4-4]
    if (handling == RetainHandling::send ||
        (handling == RetainHandling::send_if_new && outcome.is_new))
      queries.push_back(retained_.prepare(session, view.filter, subscription));
  }
  return static_cast<ReasonCode>(view.options.qos);
}

void Subscribing::on_subscribe(Connection& connection, const codec::Subscribe& packet) {
  Pending pending{
      .changes = c_.journal.changes(), .conn = connection.id, .packet_id = packet.packet_id};
  const std::uint32_t id =
      packet.properties.number(PropertyId::subscription_identifier).value_or(0);
  auto cursor = packet.filters.cursor();
  // [MQTT3-3.8.4-4] [MQTT3-3.8.4-5] [MQTT5-3.8.4-5] [MQTT5-3.8.4-6]
  while (const auto view = cursor.next()) {
    const ReasonCode code = subscribe(connection, *view, id, pending.queries);
    if (codec::is_failure(code)) ++c_.metrics.subscriptions_refused;
    // [MQTT3-3.9.3-2]
    pending.codes.push_back(codec::is_failure(code) && connection.version != Version::v5
                                ? std::uint8_t{0x80}
                                : static_cast<std::uint8_t>(code));
  }
  pending.sequence = interest_.sequence();
  if (pending_.empty() && interest_.is_confirmed(pending.sequence))
    finish(pending);
  else
    pending_.push_back(std::move(pending));
}

void Subscribing::on_confirmed() {
  while (!pending_.empty() && interest_.is_confirmed(pending_.front().sequence)) {
    Pending pending = pending_.pop_front();
    finish(pending);
  }
}

// [MQTT3-3.8.4-1] [MQTT3-3.8.4-2] [MQTT5-3.8.4-1] [MQTT5-3.8.4-2] [MQTT3-3.9.3-1] [MQTT5-3.9.3-1]
void Subscribing::finish(Pending& pending) {
  Connection* connection = c_.connections.find(pending.conn);
  if (connection == nullptr) return;
  ++c_.metrics.packets_sent[static_cast<std::size_t>(codec::PacketType::suback)];
  acks_.send(*connection, codec::Suback{pending.packet_id, {}, pending.codes}, pending.changes);
  const Session& session = c_.state.sessions.at(connection->session);
  for (const std::uint64_t query : pending.queries) retained_.start(session, query);
}

// [MQTT3-3.10.4-1] [MQTT5-3.10.4-1]
ReasonCode Subscribing::unsubscribe(Connection& connection, std::string_view filter) {
  Session& session = c_.state.sessions.at(connection.session);
  const auto split = codec::split_shared_filter(filter);
  if (!split) return ReasonCode::topic_filter_invalid;
  if (!c_.commit(record::Unsubscribed{session.slot, filter}, session.is_durable()))
    return ReasonCode::no_subscription_existed;
  c_.log.debug("subscription_removed", {{"client", session.client_id()}, {"filter", filter}});
  if (split->is_shared()) {
    members_.on_unsubscribed(session, split->share_name, split->filter);
  } else {
    interest_.remove(filter);
    retained_.cancel(session, filter);
  }
  return ReasonCode::success;
}

// [MQTT3-3.10.4-4] [MQTT3-3.10.4-5] [MQTT3-3.10.4-6] [MQTT5-3.10.4-4] [MQTT5-3.10.4-5]
// [MQTT5-3.11.3-1]
void Subscribing::on_unsubscribe(Connection& connection, const codec::Unsubscribe& packet) {
  const std::uint64_t changes = c_.journal.changes();
  std::vector<std::uint8_t> codes;
  auto cursor = packet.filters.cursor();
  while (const auto view = cursor.next())
    codes.push_back(static_cast<std::uint8_t>(unsubscribe(connection, view->filter)));
  ++c_.metrics.packets_sent[static_cast<std::size_t>(codec::PacketType::unsuback)];
  acks_.send(
      connection,
      codec::Unsuback{
          packet.packet_id, {}, connection.version == Version::v5 ? ByteView(codes) : ByteView{}},
      changes);
}

}  // namespace sluice::core
