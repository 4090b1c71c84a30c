// SPDX-License-Identifier: Apache-2.0
#include "cli/diagnose/broker_checks.h"

#include "cli/diagnose/check_result.h"

#include <algorithm>
#include <array>

namespace sluice::cli {
namespace {

using codec::PropertyId;
using codec::Qos;
using codec::ReasonCode;

bool is_failure(std::uint8_t code) { return code >= 0x80; }

/// Publishes what ends a wait for messages that must not come: it comes behind them.
bool settles(ProbeClient& publisher, ProbeClient& subscriber, const std::string& topic) {
  publisher.publish({.topic = topic, .payload = "end"});
  while (true) {
    const auto& messages = subscriber.messages();
    const auto is_end = [](const ProbeMessage& message) { return message.payload == "end"; };
    if (std::ranges::any_of(messages, is_end)) return true;
    if (!subscriber.wait_for_messages(messages.size() + 1)) return false;
  }
}

CheckResult check_qos(Probe& probe, Qos qos) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  if (client.connack().number(PropertyId::maximum_qos).value_or(2) < static_cast<unsigned>(qos)) {
    return absent("Maximum QoS is lower");
  }
  const std::uint8_t granted = client.subscribe(probe.topic(), {.qos = qos});
  if (is_failure(granted)) return broken("SUBACK " + code_text(granted));
  if (granted < static_cast<unsigned>(qos)) {
    return absent("granted QoS " + std::to_string(granted));
  }
  const std::uint8_t code = client.publish({.topic = probe.topic(), .payload = "x", .qos = qos});
  if (is_failure(code)) return broken("acknowledged with " + code_text(code));
  if (!client.wait_for_messages(1)) return broken("not delivered");
  if (client.messages()[0].qos != qos) return broken("delivered at another QoS");
  return kept();
}
CheckResult check_qos_0(Probe& probe) { return check_qos(probe, Qos::at_most_once); }
CheckResult check_qos_1(Probe& probe) { return check_qos(probe, Qos::at_least_once); }
CheckResult check_qos_2(Probe& probe) { return check_qos(probe, Qos::exactly_once); }

CheckResult check_downgrade(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  client.subscribe(probe.topic(), {.qos = Qos::at_most_once});
  client.publish({.topic = probe.topic(), .payload = "x", .qos = Qos::at_least_once});
  if (!client.wait_for_messages(1)) return broken("not delivered");
  if (client.messages()[0].qos != Qos::at_most_once)
    return broken("delivered above what was asked");
  return kept();
}

CheckResult check_retained(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  if (!client.connack().flag(PropertyId::retain_available, true)) {
    return absent("Retain Available 0");
  }
  client.publish(
      {.topic = probe.topic(), .payload = "kept", .qos = Qos::at_least_once, .retain = true});
  const std::uint8_t granted = client.subscribe(probe.topic(), {.qos = Qos::at_least_once});
  if (is_failure(granted)) return broken("SUBACK " + code_text(granted));
  if (!client.wait_for_messages(1)) return broken("not delivered to a new subscription");
  if (!client.messages()[0].retain) return broken("delivered without RETAIN");
  client.publish(
      {.topic = probe.topic(), .payload = "", .qos = Qos::at_least_once, .retain = true});
  return kept();
}

CheckResult check_retained_removed(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  if (!client.connack().flag(PropertyId::retain_available, true)) {
    return absent("Retain Available 0");
  }
  for (const char* payload : {"kept", ""}) {
    client.publish(
        {.topic = probe.topic(), .payload = payload, .qos = Qos::at_least_once, .retain = true});
  }
  client.subscribe(probe.topic(), {.qos = Qos::at_least_once});
  if (!settles(client, client, probe.topic())) return broken("not delivered");
  const auto is_kept = [](const ProbeMessage& message) { return message.payload == "kept"; };
  if (std::ranges::any_of(client.messages(), is_kept)) return broken("still there");
  return kept();
}

CheckResult check_live_retain(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  if (!client.connack().flag(PropertyId::retain_available, true)) {
    return absent("Retain Available 0");
  }
  client.subscribe(probe.topic(), {.qos = Qos::at_least_once});
  client.publish(
      {.topic = probe.topic(), .payload = "x", .qos = Qos::at_least_once, .retain = true});
  const bool came = client.wait_for_messages(1);
  const bool is_marked = came && client.messages()[0].retain;
  client.publish(
      {.topic = probe.topic(), .payload = "", .qos = Qos::at_least_once, .retain = true});
  if (!came) return broken("not delivered");
  return is_marked ? broken("delivered with RETAIN") : kept();
}

CheckResult check_wildcards(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  if (!client.connack().flag(PropertyId::wildcard_subscription_available, true)) {
    return absent("Wildcard Subscription Available 0");
  }
  for (const char* filter : {"+/b", "c/#"}) {
    const std::uint8_t granted = client.subscribe(probe.topic(filter), {});
    if (is_failure(granted)) return broken("SUBACK " + code_text(granted));
  }
  for (const char* topic : {"a/b", "a/c", "c", "c/d/e"}) {
    client.publish({.topic = probe.topic(topic), .payload = topic});
  }
  if (!client.wait_for_messages(3)) {
    return broken(std::to_string(client.messages().size()) + " of 3 delivered");
  }
  const auto is_wrong = [](const ProbeMessage& message) { return message.payload == "a/c"; };
  if (std::ranges::any_of(client.messages(), is_wrong)) return broken("one too many matched");
  return kept();
}

CheckResult check_dollar(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  if (is_failure(client.subscribe("+/" + probe.topic(), {}))) return absent("no wildcards");
  ProbeClient publisher = probe.client();
  publisher.publish({.topic = "$test/" + probe.topic(), .payload = "hidden"});
  // Where a client may not publish there, nothing can be seen either.
  ProbeClient other = probe.client();
  if (!settles(other, client, "x/" + probe.topic())) return broken("not delivered");
  return client.messages().size() == 1 ? kept() : broken("+ matched a name with $");
}

CheckResult check_order(Probe& probe) {
  constexpr int count = 50;
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  client.subscribe(probe.topic(), {.qos = Qos::at_least_once});
  for (int at = 0; at < count; ++at) {
    client.publish(
        {.topic = probe.topic(), .payload = std::to_string(at), .qos = Qos::at_least_once});
  }
  if (!client.wait_for_messages(count)) return broken("not all delivered");
  for (int at = 0; at < count; ++at) {
    if (client.messages()[static_cast<std::size_t>(at)].payload != std::to_string(at)) {
      return broken("message " + std::to_string(at) + " out of order");
    }
  }
  return kept();
}

CheckResult check_large(Probe& probe) {
  constexpr std::size_t payload_bytes = std::size_t{1} << 20;
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  const auto most = client.connack().number(PropertyId::maximum_packet_size);
  if (most && *most < payload_bytes + 1'000) {
    return absent("Maximum Packet Size " + std::to_string(*most));
  }
  client.subscribe(probe.topic(), {.qos = Qos::at_least_once});
  client.publish({.topic = probe.topic(),
                  .payload = std::string(payload_bytes, 'x'),
                  .qos = Qos::at_least_once});
  if (!client.wait_for_messages(1)) return broken("not delivered");
  return client.messages()[0].payload.size() == payload_bytes ? kept() : broken("cut");
}

CheckResult check_unsubscribe(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  client.subscribe(probe.topic("a"), {});
  client.subscribe(probe.topic("b"), {});
  const std::uint8_t code = client.unsubscribe(probe.topic("a"));
  if (is_failure(code)) return broken("UNSUBACK " + code_text(code));
  client.publish({.topic = probe.topic("a"), .payload = "x"});
  if (!settles(client, client, probe.topic("b"))) return broken("not delivered");
  return client.messages().size() == 1 ? kept() : broken("messages still come");
}

/// A session that outlives its connection: what came meanwhile is delivered.
CheckResult check_session(Probe& probe) {
  client::LinkOptions options = probe.options();
  options.machine.clean_start = client::CleanStart::never;
  options.machine.prior_session = client::PriorSession::resumed;
  if (probe.is_v5()) options.machine.session_expiry_s = 60;
  std::string problem;
  {
    ProbeClient client = probe.connect(options);
    if (!client.is_connected()) return not_connected(client);
    if (client.connack().number(PropertyId::session_expiry_interval) == 0) {
      return absent("Session Expiry Interval 0");
    }
    if (client.is_session_present()) return broken("Session Present 1 for a new client");
    client.subscribe(probe.topic(), {.qos = Qos::at_least_once});
    client.leave();
  }
  ProbeClient publisher = probe.client();
  publisher.publish({.topic = probe.topic(), .payload = "x", .qos = Qos::at_least_once});
  {
    ProbeClient client = probe.connect(options);
    if (!client.is_connected()) return not_connected(client);
    if (!client.is_session_present()) problem = "Session Present 0 for a kept session";
    if (problem.empty() && !client.wait_for_messages(1)) problem = "the message was lost";
    client.leave();
  }
  options.machine.clean_start = client::CleanStart::always;
  options.machine.prior_session = client::PriorSession::none;
  options.machine.session_expiry_s = 0;
  ProbeClient last = probe.connect(options);
  if (last.is_connected() && last.is_session_present()) problem = "a clean start kept the session";
  return problem.empty() ? kept() : broken(problem);
}

CheckResult check_takeover(Probe& probe) {
  const client::LinkOptions options = probe.options();
  ProbeClient first = probe.connect(options);
  if (!first.is_connected()) return not_connected(first);
  ProbeClient second = probe.connect(options);
  if (!second.is_connected()) return not_connected(second);
  const auto reason = first.wait_for_end();
  if (!reason) return broken("the first connection stays");
  if (probe.is_v5() && *reason != ReasonCode::session_taken_over) {
    return broken("ended without 0x8E");
  }
  return kept();
}

CheckResult check_will(Probe& probe) {
  ProbeClient witness = probe.client();
  if (!witness.is_connected()) return not_connected(witness);
  witness.subscribe(probe.topic(), {.qos = Qos::at_least_once});
  client::LinkOptions options = probe.options();
  options.machine.will = client::WillOptions{.topic = probe.topic(),
                                             .payload = {'w'},
                                             .properties = {},
                                             .qos = Qos::at_least_once,
                                             .retain = false};
  ProbeClient dying = probe.connect(options);
  if (!dying.is_connected()) return not_connected(dying);
  dying.drop();
  return witness.wait_for_messages(1) ? kept() : broken("no will came");
}

CheckResult check_will_removed(Probe& probe) {
  ProbeClient witness = probe.client();
  if (!witness.is_connected()) return not_connected(witness);
  witness.subscribe(probe.topic(), {});
  client::LinkOptions options = probe.options();
  options.machine.will = client::WillOptions{
      .topic = probe.topic(), .payload = {'w'}, .properties = {}, .qos = {}, .retain = false};
  ProbeClient leaving = probe.connect(options);
  if (!leaving.is_connected()) return not_connected(leaving);
  leaving.leave();
  if (!settles(witness, witness, probe.topic())) return broken("not delivered");
  return witness.messages().size() == 1 ? kept() : broken("the will came");
}

CheckResult check_ping(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  return client.ping() ? kept() : broken("no PINGRESP");
}

CheckResult check_empty_id(Probe& probe) {
  client::LinkOptions options = probe.options();
  options.machine.client_id.clear();
  ProbeClient client = probe.connect(options);
  if (!client.is_connected()) return not_connected(client);
  if (probe.is_v5() && !client.connack().has(PropertyId::assigned_client_identifier)) {
    return broken("no Assigned Client Identifier");
  }
  return kept();
}

constexpr BrokerCheck checks[] = {
    {"PINGREQ is answered", "MQTT3-3.12.4-1", "MQTT5-3.12.4-1", check_ping},
    {"QoS 0 is delivered", "MQTT3-4.3.1-1", "MQTT5-4.3.1-1", check_qos_0},
    {"QoS 1 is acknowledged and delivered", "MQTT3-4.3.2-2", "MQTT5-4.3.2-4", check_qos_1},
    {"QoS 2 is acknowledged and delivered", "MQTT3-4.3.3-2", "MQTT5-4.3.3-8", check_qos_2},
    {"QoS is at most what was asked for", "MQTT3-3.8.4-6", "MQTT5-3.8.4-8", check_downgrade},
    {"order of one publisher is kept", "MQTT3-4.6.0-6", "MQTT5-4.6.0-5", check_order},
    {"1 MiB of payload", "-", "-", check_large},
    {"wildcards + and #", "MQTT3-4.7.1-2", "MQTT5-4.7.1-1", check_wildcards},
    {"wildcards spare names with $", "MQTT3-4.7.2-1", "MQTT5-4.7.2-1", check_dollar},
    {"UNSUBSCRIBE ends deliveries", "MQTT3-3.10.4-2", "MQTT5-3.10.4-2", check_unsubscribe},
    {"retained message for a new subscription", "MQTT3-3.3.1-6", "MQTT5-3.3.1-9", check_retained},
    {"empty payload removes a retained message", "MQTT3-3.3.1-10", "MQTT5-3.3.1-6",
     check_retained_removed},
    {"RETAIN 0 for an established subscription", "MQTT3-3.3.1-9", "MQTT5-3.3.1-12",
     check_live_retain},
    {"session outlives its connection", "MQTT3-3.2.2-2", "MQTT5-3.2.2-3", check_session},
    {"second connection takes the client id over", "MQTT3-3.1.4-2", "MQTT5-3.1.4-3",
     check_takeover},
    {"empty client id", "MQTT3-3.1.3-6", "MQTT5-3.2.2-16", check_empty_id},
    {"will is published when the connection breaks", "MQTT3-3.1.2-8", "MQTT5-3.1.2-8", check_will},
    {"DISCONNECT removes the will", "MQTT3-3.1.2-10", "MQTT5-3.1.2-10", check_will_removed},
};

}  // namespace

std::span<const BrokerCheck> broker_checks() { return checks; }

}  // namespace sluice::cli
