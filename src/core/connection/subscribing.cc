// SPDX-License-Identifier: Apache-2.0
#include "core/connection/subscribing.h"

#include "codec/topic.h"
#include "core/topic/mount.h"

#include <algorithm>

namespace sluice::core {
namespace {

using codec::PropertyId;
using codec::ReasonCode;
using codec::RetainHandling;
using codec::Version;

// The code of one filter as that version says it. [MQTT3-3.9.3-2] MQTT 3.1 has no code of failure:
// its client is told what it asked for, and gets nothing.
// [RULE31-no-failure-in-suback]
std::uint8_t suback_code(Version version, ReasonCode code, codec::Qos asked) {
  if (version == Version::v5 || !codec::is_failure(code)) return static_cast<std::uint8_t>(code);
  return version == Version::v3_1 ? static_cast<std::uint8_t>(asked) : std::uint8_t{0x80};
}

// The filter as it is kept, empty if that is as the client wrote it.
std::string under_mount(const Connection& connection, std::string_view filter) {
  const std::string_view mount = mount_of(connection);
  if (mount.empty() || !codec::split_shared_filter(filter)) return {};
  return mounted_filter(mount, filter);
}

}  // namespace

// What CONNACK said is not to be had.
ReasonCode Subscribing::check_available(const Connection& connection, bool is_shared,
                                        std::string_view filter, std::uint32_t id) const {
  const auto& mqtt = c_.options.mqtt;
  const bool can_share = connection.version == Version::v5 || mqtt.shared_subscriptions_v3;
  if (is_shared && !(can_share && mqtt.shared_subscription_available))
    return ReasonCode::shared_subscriptions_not_supported;
  if (!mqtt.wildcard_subscription_available && codec::has_wildcard(filter))  // [MQTT3-3.8.3-2]
    return ReasonCode::wildcard_subscriptions_not_supported;
  if (id != 0 && !mqtt.subscription_identifiers_available)
    return ReasonCode::subscription_identifiers_not_supported;
  return ReasonCode::success;
}

ReasonCode Subscribing::subscribe(Connection& connection, codec::FilterView view, std::uint32_t id,
                                  std::vector<std::uint64_t>& queries) {
  Session& session = c_.state.sessions.at(connection.session);
  const std::string mounted = under_mount(connection, view.filter);
  if (!mounted.empty()) view.filter = mounted;
  const auto split = codec::split_shared_filter(view.filter);
  if (!split) return ReasonCode::topic_filter_invalid;  // [MQTT5-4.8.2-1] [MQTT5-4.8.2-2]
  if (split->filter.size() > mounted_topic_bytes_max) return ReasonCode::topic_filter_invalid;
  bool is_shared = split->is_shared();
  const ReasonCode available = check_available(connection, is_shared, split->filter, id);
  if (codec::is_failure(available)) return available;
  const auto qos = guard_.can_subscribe(session, split->filter, view.options.qos);
  if (!qos) {
    c_.log.info("subscription_refused", {{"client", session.client_id()},
                                         {"filter", view.filter},
                                         {"reason", "no rule allows it"}});
    return ReasonCode::not_authorized;
  }
  // [MQTT5-3.2.2-10] [MQTT5-3.8.4-7]
  view.options.qos = std::min(*qos, static_cast<codec::Qos>(c_.options.mqtt.maximum_qos));
  if (c_.state.subscriptions.count(session.slot) >= c_.options.session.subscriptions_max &&
      !c_.state.subscriptions.has(split->share_name, split->filter, session.slot)) {
    ++c_.metrics.limits_hit_subscriptions_max;
    c_.log.warn("subscription_limit_reached",
                {{"client", session.client_id()}, {"limit", "session.subscriptions_max"}});
    return ReasonCode::quota_exceeded;
  }
  if (session.account &&
      !c_.state.subscriptions.has(split->share_name, split->filter, session.slot) &&
      !quotas_.take(session.account.get(), Quota::subscriptions, 1))
    return ReasonCode::quota_exceeded;
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
    if (outcome.is_new)
      interest_.add(view.filter,
                    session.is_interest_kept ? Interest::Keeps::yes : Interest::Keeps::no);
    const RetainHandling handling = view.options.retain_handling;
    // [MQTT5-3.3.1-9] [MQTT5-3.3.1-10] [MQTT5-3.3.1-11] [MQTT5-3.8.4-4]
    if (handling == RetainHandling::send ||
        // [RULE5-retain-handling-1-wildcard]
        (handling == RetainHandling::send_if_new && outcome.is_new))
      queries.push_back(retained_.prepare(session, view.filter, subscription));
  }
  return static_cast<ReasonCode>(view.options.qos);
}

bool Subscribing::on_subscribe(Connection& connection, const codec::Subscribe& packet) {
  Pending pending{
      .changes = c_.journal.changes(), .conn = connection.id, .packet_id = packet.packet_id};
  const std::uint32_t id =
      packet.properties.number(PropertyId::subscription_identifier).value_or(0);
  auto cursor = packet.filters.cursor();
  // [MQTT3-3.8.4-4] [MQTT3-3.8.4-5] [MQTT5-3.8.4-5] [MQTT5-3.8.4-6]
  while (const auto view = cursor.next()) {
    const ReasonCode code = subscribe(connection, *view, id, pending.queries);
    if (codec::is_failure(code)) ++c_.metrics.subscriptions_refused;
    pending.codes.push_back(suback_code(connection.version, code, view->options.qos));
  }
  pending.sequence = interest_.sequence();
  if (pending_.empty() && interest_.is_confirmed(pending.sequence)) return finish(pending);
  pending_.push_back(std::move(pending));
  return true;
}

void Subscribing::on_confirmed() {
  while (!pending_.empty() && interest_.is_confirmed(pending_.front().sequence)) {
    Pending pending = pending_.pop_front();
    finish(pending);
  }
}

// [MQTT3-3.8.4-1] [MQTT3-3.8.4-2] [MQTT5-3.8.4-1] [MQTT5-3.8.4-2] [MQTT3-3.9.3-1] [MQTT5-3.9.3-1]
// [MQTT3-2.3.1-7] [RULE3-suback-before-retained]
bool Subscribing::finish(Pending& pending) {
  Connection* connection = c_.connections.find(pending.conn);
  if (connection == nullptr) return false;
  if (!acks_.send(*connection, codec::Suback{pending.packet_id, {}, pending.codes}, pending.changes,
                  connection->durability))
    return false;
  const Session& session = c_.state.sessions.at(connection->session);
  if (!pending.queries.empty()) retained_.start(session, pending.queries.back());
  return true;
}

// [MQTT3-3.10.4-1] [MQTT5-3.10.4-1]
ReasonCode Subscribing::unsubscribe(Connection& connection, std::string_view filter) {
  Session& session = c_.state.sessions.at(connection.session);
  const std::string mounted = under_mount(connection, filter);
  if (!mounted.empty()) filter = mounted;
  const auto split = codec::split_shared_filter(filter);
  if (!split) return ReasonCode::topic_filter_invalid;
  // [MQTT3-3.10.4-2] [MQTT5-3.10.4-2]
  if (!c_.commit(record::Unsubscribed{session.slot, filter}, session.is_durable()))
    // [RULE5-no-subscription-existed]
    return ReasonCode::no_subscription_existed;
  if (session.account) session.account->add(Quota::subscriptions, -1);
  c_.log.debug("subscription_removed", {{"client", session.client_id()}, {"filter", filter}});
  if (split->is_shared()) {
    members_.on_unsubscribed(session, split->share_name, split->filter);
  } else {
    // [MQTT3-3.10.4-3] [MQTT5-3.10.4-3]
    interest_.remove(filter, session.is_interest_kept ? Interest::Keeps::yes : Interest::Keeps::no);
    retained_.cancel(session, filter);
  }
  return ReasonCode::success;
}

// [MQTT3-3.10.4-4] [MQTT3-3.10.4-5] [MQTT3-3.10.4-6] [MQTT5-3.10.4-4] [MQTT5-3.10.4-5]
// [MQTT5-3.11.3-1]
// [MQTT5-2.2.1-6] [MQTT5-3.10.4-6]
bool Subscribing::on_unsubscribe(Connection& connection, const codec::Unsubscribe& packet) {
  const std::uint64_t changes = c_.journal.changes();
  std::vector<std::uint8_t> codes;
  auto cursor = packet.filters.cursor();
  while (const auto view = cursor.next())
    codes.push_back(static_cast<std::uint8_t>(unsubscribe(connection, view->filter)));
  return acks_.send(
      connection,
      codec::Unsuback{
          packet.packet_id, {}, connection.version == Version::v5 ? ByteView(codes) : ByteView{}},
      changes, connection.durability);
}

}  // namespace sluice::core
