// SPDX-License-Identifier: Apache-2.0
//
// `sluice pub`: from the command line to a Publisher.
#include "cli/commands/payload_source.h"
#include "cli/commands/pub_flags.h"
#include "cli/commands/publisher.h"
#include "cli/flags/flag_parser.h"
#include "cli/mqtt/client_command.h"
#include "codec/topic.h"

namespace sluice::cli {
namespace {

Parsed<std::string> topic_of(const ParsedFlags& flags, ConnectionSettings& settings) {
  std::string topic(flags.text("topic"));
  if (topic.empty() && settings.url_topic) topic = *settings.url_topic;
  if (topic.empty() && !flags.has("topic") && !settings.words.empty()) {
    topic = settings.words.front();
    settings.words.erase(settings.words.begin());
  }
  if (topic.empty()) return refuse("a topic is needed: pub TOPIC PAYLOAD, or -t TOPIC");
  if (const auto good = codec::check_topic_name(topic); !good) {
    return refuse("'" + topic + "' is no topic to publish to: " + good.error().detail);
  }
  return topic;
}

Parsed<PublishPlan> publish_plan_of(const ParsedFlags& flags, ConnectionSettings& settings) {
  PublishPlan plan;
  auto topic = topic_of(flags, settings);
  if (!topic) return std::unexpected(topic.error());
  plan.topic = std::move(*topic);
  auto payload = given_payload(flags, settings.words);
  if (!payload) return std::unexpected(payload.error());
  plan.payload = std::move(*payload);
  if (flags.has("stdin-line")) plan.source = PayloadSource::lines;
  plan.qos = static_cast<codec::Qos>(flags.integer("qos", 0));
  plan.retain = flags.has("retain");
  plan.count = static_cast<std::uint64_t>(flags.integer("repeat", 1));
  plan.delay = Duration(static_cast<std::int64_t>(flags.decimal("repeat-delay", 0) * 1e9));
  return plan;
}

}  // namespace

int run_pub(const Arguments& arguments) {
  return run_client_command(
      *pub_flags(), arguments,
      [](const ParsedFlags& flags, ConnectionSettings settings) -> Parsed<int> {
        auto plan = publish_plan_of(flags, settings);
        if (!plan) return std::unexpected(plan.error());
        return Publisher(std::move(settings), std::move(*plan)).run();
      });
}

}  // namespace sluice::cli
