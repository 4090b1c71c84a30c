// SPDX-License-Identifier: Apache-2.0
//
// `sluice request`, and mosquitto_rr: from the command line to a Requester.
#include "base/rng.h"
#include "cli/commands/payload_source.h"
#include "cli/commands/print_flags.h"
#include "cli/mqtt/client_command.h"
#include "cli/mqtt/retain_flags.h"
#include "cli/request/request_flags.h"
#include "cli/request/requester.h"
#include "codec/topic.h"
#include "os/entropy.h"

namespace sluice::cli {
namespace {

constexpr std::int64_t native_timeout_s = 10;

/// Hard to guess: nobody else is to answer, or to listen, by accident.
std::string random_word() {
  constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyz";
  Rng rng(os::random_seed());
  std::string word;
  while (word.size() < 16) word += letters[rng.below(letters.size())];
  return word;
}

Parsed<bool> take_topics(const ParsedFlags& flags, ConnectionSettings& settings,
                         RequestPlan& plan) {
  plan.topic = flags.text("topic");
  if (plan.topic.empty() && settings.url_topic) plan.topic = *settings.url_topic;
  if (plan.topic.empty() && !settings.words.empty()) {
    plan.topic = settings.words.front();
    settings.words.erase(settings.words.begin());
  }
  plan.response_topic = flags.text("response-topic");
  const bool is_mosquitto = settings.personality == Personality::mosquitto;
  if (plan.topic.empty() || (is_mosquitto && plan.response_topic.empty())) {
    return refuse(is_mosquitto ? "a topic, a message and a response topic are needed: -t, -m, -e"
                               : "a topic is needed: request TOPIC PAYLOAD, or -t TOPIC");
  }
  if (plan.response_topic.empty()) plan.response_topic = "sluice/reply/" + random_word();
  for (const std::string* topic : {&plan.topic, &plan.response_topic}) {
    if (const auto good = codec::check_topic_name(*topic); !good) {
      return refuse("'" + *topic + "' is no topic to publish to: " + good.error().detail);
    }
  }
  return true;
}

Parsed<RequestPlan> plan_of(const ParsedFlags& flags, ConnectionSettings& settings) {
  RequestPlan plan;
  if (const auto good = take_topics(flags, settings, plan); !good) {
    return std::unexpected(good.error());
  }
  auto payload = given_payload(flags, settings.words);
  if (!payload) return std::unexpected(payload.error());
  plan.payload = std::move(*payload);
  auto print = print_options(flags, settings.personality);
  if (!print) return std::unexpected(print.error());
  plan.print = std::move(*print);
  const bool is_native = settings.personality == Personality::native;
  if (is_native) plan.correlation = random_word();
  const auto options = subscription_options(flags);
  if (!options) return std::unexpected(options.error());
  plan.options = *options;
  plan.shows_latency = flags.has("latency");
  plan.hides_retained = flags.has("no-retained");
  plan.count = static_cast<std::uint64_t>(flags.integer("count", 1));
  plan.timeout = std::chrono::seconds(flags.integer("timeout", is_native ? native_timeout_s : 0));
  return plan;
}

}  // namespace

int run_request(const Arguments& arguments) {
  const bool is_native = arguments.personality == Personality::native;
  return run_client_command(
      is_native ? *request_flags() : *mosquitto_rr_flags(), arguments,
      [](const ParsedFlags& flags, ConnectionSettings settings) -> Parsed<int> {
        auto plan = plan_of(flags, settings);
        if (!plan) return std::unexpected(plan.error());
        return Requester(std::move(settings), std::move(*plan)).run();
      });
}

}  // namespace sluice::cli
