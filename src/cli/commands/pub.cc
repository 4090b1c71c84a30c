// SPDX-License-Identifier: Apache-2.0
//
// `sluice pub`: from the command line to a Publisher.
#include "cli/commands/pub_flags.h"
#include "cli/commands/publisher.h"
#include "cli/flags/flag_parser.h"
#include "cli/mqtt/client_command.h"
#include "codec/topic.h"
#include "os/file.h"
#include "os/process/standard_streams.h"
#include "os/system_error.h"

#include <cstdlib>

namespace sluice::cli {
namespace {

std::unexpected<UsageError> refuse(std::string text) {
  return std::unexpected(UsageError{std::move(text)});
}

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

Parsed<std::string> read_whole_input() {
  std::string text;
  std::vector<std::uint8_t> buffer(65'536);
  for (;;) {
    const auto got = os::read_input(buffer);
    if (!got) return refuse(os::describe(got.error()));
    if (*got == 0) break;
    text += as_text(ByteView(buffer).first(*got));
    if (text.size() > codec::remaining_length_max) {
      return refuse("standard input is longer than an MQTT message can be: 268,435,455 bytes");
    }
  }
  if (text.empty()) return refuse("standard input is empty; -n sends an empty payload");
  return text;
}

Parsed<std::string> payload_of(const ParsedFlags& flags, const ConnectionSettings& settings) {
  if (!settings.words.empty()) return settings.words.front();
  if (flags.has("message")) return std::string(flags.text("message"));
  if (flags.has("stdin-file")) return read_whole_input();
  if (!flags.has("file")) return std::string();
  const std::string name(flags.text("file"));
  auto text = os::read_file(name, codec::remaining_length_max);
  if (!text) return refuse("the file '" + name + "' cannot be read: " + os::describe(text.error()));
  return std::move(*text);
}

Parsed<bool> check_source(const ParsedFlags& flags, const ConnectionSettings& settings) {
  std::size_t sources = settings.words.size();
  for (const char* name : {"message", "file", "stdin-line", "stdin-file", "null-message"}) {
    sources += flags.count(name);
  }
  if (sources == 0) {
    return refuse("a payload is needed: behind the topic, or with -m, -f, -l, -s or -n");
  }
  if (sources > 1) return refuse("only one payload can be given: one of -m, -f, -l, -s, -n");
  return true;
}

Parsed<PublishPlan> plan_of(const ParsedFlags& flags, ConnectionSettings& settings) {
  PublishPlan plan;
  auto topic = topic_of(flags, settings);
  if (!topic) return std::unexpected(topic.error());
  plan.topic = std::move(*topic);
  if (const auto good = check_source(flags, settings); !good) {
    return std::unexpected(good.error());
  }
  auto payload = payload_of(flags, settings);
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
        auto plan = plan_of(flags, settings);
        if (!plan) return std::unexpected(plan.error());
        return Publisher(std::move(settings), std::move(*plan)).run();
      });
}

}  // namespace sluice::cli
