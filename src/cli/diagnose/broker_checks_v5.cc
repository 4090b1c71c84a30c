// SPDX-License-Identifier: Apache-2.0
#include "cli/diagnose/broker_checks.h"

#include <algorithm>
#include <string>

namespace sluice::cli {
namespace {

using codec::PropertyId;
using codec::Qos;

/// What came of a message with these properties; broken if nothing did.
CheckResult check_forwarded(Probe& probe, const PropertyList& properties, const char* name) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  client.subscribe(probe.topic(), {.qos = Qos::at_least_once});
  client.publish({.topic = probe.topic(),
                  .payload = "x",
                  .qos = Qos::at_least_once,
                  .retain = false,
                  .properties = properties});
  if (!client.wait_for_messages(1)) return broken("not delivered");
  if (client.messages()[0].properties.bytes() == properties.bytes()) return kept();
  return broken(std::string(name) + " came otherwise");
}

CheckResult check_user_properties(Probe& probe) {
  PropertyList list;
  for (const char* value : {"1", "2", "1"}) list.add_pair("key", value);
  list.add_pair("", "");
  return check_forwarded(probe, list, "user properties");
}

CheckResult check_response_topic(Probe& probe) {
  PropertyList list;
  list.add_text(PropertyId::response_topic, "answer/here");
  return check_forwarded(probe, list, "the response topic");
}

CheckResult check_correlation_data(Probe& probe) {
  PropertyList list;
  list.add_text(PropertyId::correlation_data, std::string_view("\0\xFF ", 3));
  return check_forwarded(probe, list, "the correlation data");
}

CheckResult check_content_type(Probe& probe) {
  PropertyList list;
  list.add_text(PropertyId::content_type, "text/x");
  return check_forwarded(probe, list, "the content type");
}

CheckResult check_format_indicator(Probe& probe) {
  PropertyList list;
  list.add_number(PropertyId::payload_format_indicator, 1);
  return check_forwarded(probe, list, "the payload format indicator");
}

CheckResult check_expiry(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  client.subscribe(probe.topic(), {});
  PropertyList list;
  list.add_number(PropertyId::message_expiry_interval, 100);
  client.publish(
      {.topic = probe.topic(), .payload = "x", .qos = {}, .retain = false, .properties = list});
  if (!client.wait_for_messages(1)) return broken("not delivered");
  const auto left =
      client.messages()[0].properties.view().number(PropertyId::message_expiry_interval);
  if (!left) return broken("no interval came");
  return *left <= 100 && *left > 80 ? kept() : broken(std::to_string(*left) + " of 100 s left");
}

CheckResult check_identifier(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  if (!client.connack().flag(PropertyId::subscription_identifiers_available, true)) {
    return absent("Subscription Identifiers Available 0");
  }
  const std::uint8_t granted = client.subscribe(probe.topic(), {}, 268'435'455);
  if (granted >= 0x80) return broken("SUBACK " + code_text(granted));
  client.publish({.topic = probe.topic(), .payload = "x"});
  if (!client.wait_for_messages(1)) return broken("not delivered");
  const auto came =
      client.messages()[0].properties.view().number(PropertyId::subscription_identifier);
  return came == 268'435'455U ? kept() : broken("the identifier did not come back");
}

CheckResult check_no_local(Probe& probe) {
  ProbeClient client = probe.client();
  ProbeClient other = probe.client();
  if (!client.is_connected()) return not_connected(client);
  client.subscribe(probe.topic(), {.no_local = true});
  client.publish({.topic = probe.topic(), .payload = "own", .qos = Qos::at_least_once});
  other.publish({.topic = probe.topic(), .payload = "other", .qos = Qos::at_least_once});
  if (!client.wait_for_messages(1)) return broken("not delivered");
  return client.messages()[0].payload == "other" ? kept() : broken("its own message came");
}

CheckResult check_retain_as_published(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  if (!client.connack().flag(PropertyId::retain_available, true)) {
    return absent("Retain Available 0");
  }
  client.subscribe(probe.topic(), {.retain_as_published = true});
  client.publish(
      {.topic = probe.topic(), .payload = "x", .qos = Qos::at_least_once, .retain = true});
  const bool came = client.wait_for_messages(1);
  const bool is_marked = came && client.messages()[0].retain;
  client.publish(
      {.topic = probe.topic(), .payload = "", .qos = Qos::at_least_once, .retain = true});
  if (!came) return broken("not delivered");
  return is_marked ? kept() : broken("RETAIN was taken off");
}

CheckResult check_retain_handling(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  if (!client.connack().flag(PropertyId::retain_available, true)) {
    return absent("Retain Available 0");
  }
  client.publish(
      {.topic = probe.topic(), .payload = "kept", .qos = Qos::at_least_once, .retain = true});
  client.subscribe(probe.topic(), {.retain_handling = codec::RetainHandling::do_not_send});
  client.publish({.topic = probe.topic(), .payload = "live", .qos = Qos::at_least_once});
  const bool came = client.wait_for_messages(1);
  const bool is_good = came && client.messages()[0].payload == "live";
  client.publish(
      {.topic = probe.topic(), .payload = "", .qos = Qos::at_least_once, .retain = true});
  if (!came) return broken("not delivered");
  return is_good ? kept() : broken("the retained message came");
}

CheckResult check_shared(Probe& probe) {
  constexpr std::size_t count = 20;
  ProbeClient one = probe.client();
  ProbeClient two = probe.client();
  ProbeClient publisher = probe.client();
  if (!one.is_connected() || !two.is_connected()) return not_connected(one);
  if (!one.connack().flag(PropertyId::shared_subscription_available, true)) {
    return absent("Shared Subscription Available 0");
  }
  for (ProbeClient* client : {&one, &two}) {
    const std::uint8_t granted =
        client->subscribe("$share/group/" + probe.topic(), {.qos = Qos::at_least_once});
    if (granted >= 0x80) return broken("SUBACK " + code_text(granted));
  }
  for (std::size_t at = 0; at < count; ++at) {
    publisher.publish({.topic = probe.topic(), .payload = "x", .qos = Qos::at_least_once});
  }
  // Each is asked for more than it has until nothing is missing, or nothing comes any more.
  for (int turn = 0; turn < 40 && one.messages().size() + two.messages().size() < count; ++turn) {
    ProbeClient& next = turn % 2 == 0 ? one : two;
    next.ping();
  }
  const std::size_t all = one.messages().size() + two.messages().size();
  if (all != count) return broken(std::to_string(all) + " deliveries of " + std::to_string(count));
  return one.messages().empty() || two.messages().empty() ? broken("one member got all") : kept();
}

CheckResult check_no_subscribers(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  const std::uint8_t code =
      client.publish({.topic = probe.topic(), .payload = "x", .qos = Qos::at_least_once});
  if (code == 0x10) return kept();
  return code == 0 ? absent("answered 0x00, as is allowed") : broken(code_text(code));
}

CheckResult check_no_subscription(Probe& probe) {
  ProbeClient client = probe.client();
  if (!client.is_connected()) return not_connected(client);
  const std::uint8_t code = client.unsubscribe(probe.topic());
  return code == 0x11 ? kept() : broken("UNSUBACK " + code_text(code));
}

CheckResult check_will_delay(Probe& probe) {
  ProbeClient witness = probe.client();
  if (!witness.is_connected()) return not_connected(witness);
  witness.subscribe(probe.topic(), {});
  client::LinkOptions options = probe.options();
  PropertyList properties;
  properties.add_number(PropertyId::will_delay_interval, 60);
  options.machine.session_expiry_s = 60;
  options.machine.will = client::WillOptions{.topic = probe.topic(),
                                             .payload = {'w'},
                                             .properties = properties.bytes(),
                                             .qos = {},
                                             .retain = false};
  {
    ProbeClient dying = probe.connect(options);
    if (!dying.is_connected()) return not_connected(dying);
    dying.drop();
  }
  options.machine.will.reset();
  options.machine.clean_start = client::CleanStart::never;
  options.machine.prior_session = client::PriorSession::resumed;
  ProbeClient again = probe.connect(options);
  if (!again.is_connected()) return not_connected(again);
  witness.publish({.topic = probe.topic(), .payload = "end"});
  if (!witness.wait_for_messages(1)) return broken("not delivered");
  const bool is_good = witness.messages()[0].payload == "end";
  options.machine.clean_start = client::CleanStart::always;
  options.machine.prior_session = client::PriorSession::none;
  options.machine.session_expiry_s = 0;
  const ProbeClient last = probe.connect(options);
  return is_good ? kept() : broken("the will came at once");
}

constexpr BrokerCheck checks_v5[] = {
    {"user properties, in their order", "", "MQTT5-3.3.2-18", check_user_properties},
    {"response topic", "", "MQTT5-3.3.2-15", check_response_topic},
    {"correlation data", "", "MQTT5-3.3.2-16", check_correlation_data},
    {"content type", "", "MQTT5-3.3.2-20", check_content_type},
    {"payload format indicator", "", "MQTT5-3.3.2-4", check_format_indicator},
    {"message expiry, counted down", "", "MQTT5-3.3.2-6", check_expiry},
    {"subscription identifiers", "", "MQTT5-3.3.4-3", check_identifier},
    {"No Local", "", "MQTT5-3.8.3-3", check_no_local},
    {"Retain As Published", "", "MQTT5-3.3.1-13", check_retain_as_published},
    {"Retain Handling 2", "", "MQTT5-3.3.1-11", check_retain_handling},
    {"shared subscriptions", "", "MQTT5-4.8.2-3", check_shared},
    {"nobody subscribed is said (0x10)", "", "MQTT5-3.3.4-1", check_no_subscribers},
    {"no subscription existed is said (0x11)", "", "MQTT5-3.11.3-1", check_no_subscription},
    {"will delay, ended by a new connection", "", "MQTT5-3.1.3-9", check_will_delay},
};

}  // namespace

std::span<const BrokerCheck> broker_checks_v5() { return checks_v5; }

}  // namespace sluice::cli
