// SPDX-License-Identifier: Apache-2.0
//
// What a ClientBody does with its connection: begins it, tells how it stands, ends it.
#include "client/library/client_body.h"
#include "client/library/properties.h"
#include "client/library/requests.h"
#include "codec/property.h"
#include "codec/reason_code.h"

#include <array>
#include <utility>
#include <variant>

namespace sluice::client {
namespace {

using v1::reason_code;

constexpr Duration held_for = 10s;
constexpr Duration goodbye_wait = 2s;

/// What a refusal is in the words of MQTT 5.
reason_code reason_of(const codec::Connack& connack, codec::Version version) {
  if (version == codec::Version::v5 && connack.code >= 0x80) {
    return static_cast<reason_code>(connack.code);
  }
  switch (static_cast<codec::ConnectReturnCode>(connack.code)) {
    case codec::ConnectReturnCode::unacceptable_protocol_version:
      return reason_code::unsupported_protocol_version;
    case codec::ConnectReturnCode::identifier_rejected:
      return reason_code::client_identifier_not_valid;
    case codec::ConnectReturnCode::server_unavailable:
      return reason_code::server_unavailable;
    case codec::ConnectReturnCode::bad_user_name_or_password:
      return reason_code::bad_user_name_or_password;
    case codec::ConnectReturnCode::not_authorized:
      return reason_code::not_authorized;
    default:
      return reason_code::unspecified_error;
  }
}

/// True if another attempt could only be answered in the same way.
bool is_lasting(reason_code reason) {
  switch (reason) {
    case reason_code::malformed_packet:
    case reason_code::protocol_error:
    case reason_code::unsupported_protocol_version:
    case reason_code::client_identifier_not_valid:
    case reason_code::bad_user_name_or_password:
    case reason_code::not_authorized:
    case reason_code::banned:
    case reason_code::bad_authentication_method:
    case reason_code::topic_name_invalid:
    case reason_code::packet_too_large:
    case reason_code::payload_format_invalid:
    case reason_code::retain_not_supported:
    case reason_code::qos_not_supported:
      return true;
    default:
      return false;
  }
}

v1::version public_version(codec::Version version) {
  if (version == codec::Version::v3_1) return v1::version::v3_1;
  return version == codec::Version::v5 ? v1::version::v5 : v1::version::v3_1_1;
}

std::string described(std::string text, const codec::Properties& properties) {
  if (const auto why = properties.text(codec::PropertyId::reason_string)) {
    text += ": ";
    text += *why;
  }
  if (const auto server = properties.text(codec::PropertyId::server_reference)) {
    text += "; it names ";
    text += *server;
  }
  return text;
}

v1::error closed_error() { return {.code = v1::errc::closed, .text = "the client is closed"}; }

}  // namespace

void ClientBody::begin(Instant now) {
  now_ = now;
  auto settings = std::move(settings_);
  const std::uint64_t token = loop().add(os::Ref<LoopMember>::share(*this));
  if (!settings) return end(v1::fatal{.why = settings.error()}, settings.error());
  is_session_kept_ = settings->session == Settings::Session::kept;
  {
    const os::MutexLock lock(mutex_);
    client_id_ = settings->link.machine.client_id;
  }
  feed_.change(v1::connecting{.attempt = 1});
  link_ = std::make_unique<Link>(std::move(settings->link),
                                 Link::Uses{.reactor = loop().reactor(),
                                            .token = token,
                                            .rng = loop().rng(),
                                            .events = *this,
                                            .link_events = *this,
                                            .read_buffer = loop().read_buffer()});
  link_->start(now);
  loop().touch(*this);
}

void ClientBody::on_opening(ClientMachine& machine) {
  if (attempt_ > 0) feed_.change(v1::connecting{.attempt = attempt_ + 1});
  std::string data;
  if (options_.auth.step) {
    guard_->run([&] { data = options_.auth.step({}).value_or(std::string()); });
  }
  const bool is_v5 = machine.options().version == codec::Version::v5;
  auto properties = is_v5 ? raw_connect_properties(options_, data) : RawProperties{};
  if (properties) machine.set_connect_properties(std::move(*properties));
}

void ClientBody::on_connected(const Connected& connected) {
  counters_.connects.add();
  attempt_ = refusals_ = 0;
  if (!check_server_proof(connected.connack)) return;
  const auto information =
      connected.connack.properties.text(codec::PropertyId::response_information);
  response_information_ = information ? *information : std::string_view();
  if (connected.is_resumed && !was_connected_) held_until_ = now_ + held_for;
  was_connected_ = true;
  std::string id = link_->machine().client_id();
  {
    const os::MutexLock lock(mutex_);
    client_id_ = id;
  }
  // What was subscribed in this run is known to a session that was kept; what the program asks for
  // from now on is sent anyway.
  subscriptions_on_connected(connected.is_resumed ? Stream::Session::resumed
                                                  : Stream::Session::lost);
  log(v1::log_level::info, "connected endpoint=" + to_string(link_->endpoint()));
  feed_.change(v1::connected{.session_present = connected.is_resumed,
                             .version = public_version(version()),
                             .client_id = std::move(id),
                             .server = to_string(link_->endpoint())});
  for (const auto& one : std::exchange(ready_, {})) one->complete({});
}

// With the last step of an enhanced authentication the server may prove who it is.
bool ClientBody::check_server_proof(const codec::Connack& connack) {
  const auto proof = connack.properties.binary(codec::PropertyId::authentication_data);
  if (!options_.auth.step || !proof) return true;
  v1::result<std::string> checked{v1::error{.code = v1::errc::refused, .text = "no answer"}};
  guard_->run([&] { checked = options_.auth.step(as_text(*proof)); });
  if (checked) return true;
  last_error_ = checked.error();
  link_->stop(now_);
  return false;
}

void ClientBody::on_refused(const codec::Connack& connack) {
  const reason_code reason = reason_of(connack, version());
  last_error_ = {
      .code = v1::errc::refused,
      .reason = reason,
      .text = described(std::string("the server refused the connection: ") + v1::to_string(reason),
                        connack.properties)};
  count_refusal(reason);
  if (is_lasting(reason)) stop_after_refusals();
}

void ClientBody::count_refusal(reason_code reason) {
  refusals_ = reason == last_refusal_ ? refusals_ + 1 : 1;
  last_refusal_ = reason;
}

void ClientBody::stop_after_refusals() {
  const unsigned most = options_.reconnect.refusals_max;
  if (most != 0 && refusals_ >= most) link_->set_reconnect(Reconnect::never);
}

void ClientBody::on_ended(const Ending& ending) {
  if (ending.cause != EndCause::refused) {
    const Error& error = ending.error;
    last_error_ = to_public(error);
    last_error_.reason = static_cast<reason_code>(ending.reason);
    if (ending.cause == EndCause::by_server) {
      last_error_ = {.code = v1::errc::connection_lost,
                     .reason = static_cast<reason_code>(ending.reason),
                     .text = described(std::string("the server ended the connection: ") +
                                           codec::to_string(ending.reason),
                                       ending.properties)};
    }
  }
  const bool was_up =
      std::holds_alternative<v1::connected>(feed_.state()) && ending.cause != EndCause::refused;
  if (was_up && ending.cause != EndCause::by_user) counters_.disconnects.add();
  log(v1::log_level::info, "disconnected why=" + last_error_.text);
  subscriptions_on_lost();
  for (const auto& one : std::exchange(authenticating_, {})) one->fail(last_error_);
}

void ClientBody::on_unreachable(const Endpoint& endpoint, const Error& error) {
  const v1::error why = to_public(error);
  last_error_ = {.code = v1::errc::unreachable,
                 .text = to_string(endpoint) + " cannot be reached: " + why.text};
  // Somebody answered, and is not who was asked for: a certificate, or no MQTT at all.
  count_refusal(error.code == ErrorCode::protocol_error ? reason_code::protocol_error
                                                        : reason_code::success);
  if (error.code == ErrorCode::protocol_error) stop_after_refusals();
  log(v1::log_level::warn, "unreachable endpoint=" + to_string(endpoint) + " why=" + why.text);
}

void ClientBody::on_retry(Duration retry_in) {
  ++attempt_;
  feed_.change(
      v1::disconnected{.why = last_error_,
                       .retry_in = std::chrono::duration_cast<std::chrono::milliseconds>(retry_in),
                       .attempt = attempt_});
}

void ClientBody::on_referred(const Endpoint& endpoint) {
  ++attempt_;
  log(v1::log_level::info, "referred endpoint=" + to_string(endpoint));
  feed_.change(v1::disconnected{
      .why = last_error_, .attempt = attempt_, .referred_to = to_string(endpoint)});
}

void ClientBody::on_auth(const codec::Auth& auth) {
  if (auth.reason == codec::ReasonCode::success) {
    for (const auto& one : std::exchange(authenticating_, {})) one->complete({});
    return;
  }
  const auto data = auth.properties.binary(codec::PropertyId::authentication_data);
  v1::result<std::string> answer{
      v1::error{.code = v1::errc::refused, .text = "no authenticator is there"}};
  if (options_.auth.step) {
    guard_->run([&] { answer = options_.auth.step(data ? as_text(*data) : std::string_view()); });
  }
  auto properties = answer ? raw_auth_properties(options_.auth.method, *answer)
                           : Result<RawProperties>(fail(ErrorCode::invalid_argument, ""));
  if (!properties) {
    last_error_ = answer ? to_public(properties.error()) : answer.error();
    return link_->stop(now_);
  }
  static_cast<void>(
      link_->machine().auth({.reason = codec::ReasonCode::continue_authentication,
                             .properties = codec::Properties::of_checked(*properties)},
                            now_));
}

v1::operation<void> ClientBody::reauthenticate() {
  auto operation = begin_operation<void>(guard_);
  loop().post([self = os::Ref<ClientBody>::share(*this), operation](Instant now) {
    const auto& auth = self->options_.auth;
    if (!auth.step || auth.method.empty()) {
      return operation->fail(
          {.code = v1::errc::unsupported, .text = "client_options::auth is not set"});
    }
    if (!self->is_connected()) {
      return operation->fail({.code = v1::errc::not_connected, .text = "there is no connection"});
    }
    v1::result<std::string> data{v1::error{.code = v1::errc::refused, .text = "no answer"}};
    self->guard_->run([&] { data = auth.step({}); });
    if (!data) return operation->fail(data.error());
    const auto properties = raw_auth_properties(auth.method, *data);
    if (!properties) return operation->fail(to_public(properties.error()));
    const auto sent =
        self->link_->machine().auth({.reason = codec::ReasonCode::re_authenticate,
                                     .properties = codec::Properties::of_checked(*properties)},
                                    now);
    if (!sent) return operation->fail(to_public(sent.error()));
    self->authenticating_.push_back(operation);
    self->loop().touch(*self);
  });
  return hand_out(std::move(operation));
}

// What is unsent goes out first, as long as there is time and hope.
void ClientBody::proceed_closing(Instant now) {
  const bool is_late = now >= close_deadline_;
  // What is in a file is not lost, only later.
  const bool is_safe = !is_connected() && store_ != nullptr;
  if (has_said_goodbye_) {
    if (is_late) link_->stop(now);
  } else if (is_late || is_safe || is_drained()) {
    if (is_connected())
      say_goodbye(now);
    else
      link_->stop(now);
  }
  if (link_->is_over()) end(v1::closed{}, closed_error());
}

void ClientBody::say_goodbye(Instant now) {
  codec::Disconnect goodbye;
  std::array<std::uint8_t, 8> bytes{};
  codec::PropertyWriter writer(bytes);
  // The session was for reconnects of this object: the server need not keep it.
  const bool is_ours = !is_session_kept_ && link_->machine().options().session_expiry_s != 0;
  if (version() == codec::Version::v5 && is_ours) {
    writer.number(codec::PropertyId::session_expiry_interval, 0);
    goodbye.properties = *writer.finish();
  }
  has_said_goodbye_ = true;
  close_deadline_ = now + goodbye_wait;
  link_->set_reading(Reading::on);
  link_->set_reconnect(Reconnect::never);
  static_cast<void>(link_->machine().disconnect(goodbye, now));
  link_->flush(now);
}

void ClientBody::end(const v1::connection_state& state, const v1::error& error) {
  if (life_ == Life::over) return;
  life_ = Life::over;
  last_error_ = error;
  const auto self = os::Ref<ClientBody>::share(*this);
  feed_.change(state);  // whoever is told that an operation failed can ask why
  fail_publishes(error);
  fail_subscriptions(error);
  requests_->fail_all(error);
  held_.clear();
  for (const auto& one : std::exchange(ready_, {})) one->fail(error);
  for (const auto& one : std::exchange(authenticating_, {})) one->fail(error);
  if (store_ != nullptr) store_->flush();
  link_.reset();
  loop().remove(*this);
  feed_.set_handler({});
  for (const auto& one : std::exchange(closing_, {})) one->complete({});
}

}  // namespace sluice::client
