// SPDX-License-Identifier: Apache-2.0
#include "cli/diagnose/probe_client.h"

#include "cli/mqtt/failure_text.h"
#include "os/clock.h"
#include "os/system_error.h"

namespace sluice::cli {
namespace {

constexpr std::uint8_t no_answer = 0xFF;

PropertyList owned(const codec::Properties& properties) {
  PropertyList list;
  auto cursor = properties.cursor();
  while (const auto property = cursor.next()) list.add(*property);
  return list;
}

}  // namespace

ProbeClient::ProbeClient(const client::LinkOptions& options, Duration patience)
    : patience_(patience) {
  auto runtime = client::Runtime::create(options, {.events = *this, .link_events = *this});
  if (!runtime) {
    problem_ = os::describe(runtime.error());
    return;
  }
  runtime_ = std::move(*runtime);
  runtime_->start();
  const bool is_over = wait([this] { return connected_ || end_ || !problem_.empty(); });
  if (!is_over) problem_ = "no answer in time";
  if (!connected_ && problem_.empty()) problem_ = "the broker closed the connection";
}

template <class Condition>
bool ProbeClient::wait(Condition condition) {
  if (runtime_ == nullptr) return false;
  const Instant deadline = os::monotonic_now() + patience_;
  bool is_late = false;
  runtime_->set_alarm(deadline, [&is_late] { is_late = true; });
  runtime_->link().flush(os::monotonic_now());
  while (!condition() && !is_late && !runtime_->link().is_over()) runtime_->step();
  runtime_->set_alarm(Instant::never(), nullptr);
  return condition();
}

std::uint8_t ProbeClient::answer() {
  return wait([this] { return is_answered_ || end_.has_value(); }) && is_answered_ ? code_
                                                                                   : no_answer;
}

std::uint8_t ProbeClient::subscribe(std::string_view filter, codec::SubscriptionOptions options,
                                    std::uint32_t identifier) {
  std::vector<std::uint8_t> buffer(filter.size() + 3);
  codec::SubscribeFilterWriter writer(buffer);
  writer.add(filter, options);
  PropertyList properties;
  if (identifier != 0) {
    properties.add_number(codec::PropertyId::subscription_identifier, identifier);
  }
  codec::Subscribe subscribe;
  subscribe.properties = properties.view();
  const auto filters = writer.finish();
  if (!filters) return no_answer;
  subscribe.filters = *filters;
  is_answered_ = false;
  if (!runtime_->machine().subscribe(subscribe, os::monotonic_now())) return no_answer;
  return answer();
}

std::uint8_t ProbeClient::unsubscribe(std::string_view filter) {
  std::vector<std::uint8_t> buffer(filter.size() + 3);
  codec::UnsubscribeFilterWriter writer(buffer);
  writer.add(filter);
  codec::Unsubscribe unsubscribe;
  const auto filters = writer.finish();
  if (!filters) return no_answer;
  unsubscribe.filters = *filters;
  is_answered_ = false;
  if (!runtime_->machine().unsubscribe(unsubscribe, os::monotonic_now())) return no_answer;
  return answer();
}

std::uint8_t ProbeClient::publish(const ProbeMessage& message) {
  codec::Publish publish;
  publish.topic = message.topic;
  publish.qos = message.qos;
  publish.retain = message.retain;
  publish.payload = as_bytes(message.payload);
  publish.properties = message.properties.view();
  is_answered_ = false;
  if (!runtime_->machine().publish(publish, os::monotonic_now())) return no_answer;
  runtime_->link().flush(os::monotonic_now());
  return message.qos == codec::Qos::at_most_once ? 0 : answer();
}

bool ProbeClient::ping() {
  is_answered_ = false;
  if (!runtime_->machine().ping(os::monotonic_now())) return false;
  return wait([this] { return is_answered_ || end_.has_value(); }) && is_answered_;
}

void ProbeClient::leave() {
  if (!is_connected()) return;
  static_cast<void>(runtime_->machine().disconnect({}, os::monotonic_now()));
  wait([this] { return runtime_->link().is_over(); });
}

void ProbeClient::drop() {
  if (runtime_ != nullptr) runtime_->link().stop(os::monotonic_now());
}

std::optional<codec::ReasonCode> ProbeClient::wait_for_end() {
  wait([this] { return end_.has_value(); });
  return end_;
}

bool ProbeClient::wait_for_messages(std::size_t count) {
  return wait([this, count] { return messages_.size() >= count || end_.has_value(); }) &&
         messages_.size() >= count;
}

void ProbeClient::on_connected(const client::Connected& connected) {
  connected_ = true;
  is_session_present_ = connected.connack.session_present;
  connack_ = owned(connected.connack.properties);
}

void ProbeClient::on_refused(const codec::Connack& connack) {
  refusal_ = connack.code;
  problem_ = refused_text(connack);
}

void ProbeClient::on_message(const client::Message& message) {
  messages_.push_back({.topic = std::string(message.publish.topic),
                       .payload = std::string(as_text(message.publish.payload)),
                       .qos = message.publish.qos,
                       .retain = message.publish.retain,
                       .properties = owned(message.publish.properties)});
}

void ProbeClient::on_published(const client::Published& published) {
  code_ = static_cast<std::uint8_t>(published.reason);
  is_answered_ = true;
}

void ProbeClient::on_subscribed(const codec::Suback& ack) {
  code_ = ack.codes.empty() ? no_answer : ack.codes.front();
  is_answered_ = true;
}

void ProbeClient::on_unsubscribed(const codec::Unsuback& ack) {
  code_ = ack.codes.empty() ? 0 : ack.codes.front();
  is_answered_ = true;
}

void ProbeClient::on_ended(const client::Ending& ending) {
  end_ = ending.cause == client::EndCause::by_server ? ending.reason : codec::ReasonCode::success;
  if (problem_.empty()) problem_ = ending_text(ending);
}

void ProbeClient::on_unreachable(const client::Endpoint& endpoint, const Error& error) {
  problem_ = unreachable_text(endpoint, error);
}

}  // namespace sluice::cli
