// SPDX-License-Identifier: Apache-2.0
//
// `sluice reply`: from the command line to a Replier.
#include "cli/commands/print_flags.h"
#include "cli/mqtt/client_command.h"
#include "cli/request/replier.h"
#include "cli/request/request_flags.h"
#include "codec/topic.h"
#include "os/file.h"
#include "os/system_error.h"

namespace sluice::cli {
namespace {

Parsed<bool> take_filters(const ParsedFlags& flags, ConnectionSettings& settings, ReplyPlan& plan) {
  plan.filters = flags.list("topic");
  if (settings.url_topic) plan.filters.push_back(*settings.url_topic);
  if (plan.filters.empty() && !settings.words.empty()) {
    plan.filters.push_back(settings.words.front());
    settings.words.erase(settings.words.begin());
  }
  if (plan.filters.empty()) return refuse("a topic filter is needed: reply FILTER PAYLOAD");
  for (const std::string& filter : plan.filters) {
    if (const auto good = codec::check_topic_filter(filter); !good) {
      return refuse("'" + filter + "' is no topic filter: " + good.error().detail);
    }
  }
  return true;
}

Parsed<bool> take_answer(const ParsedFlags& flags, const ConnectionSettings& settings,
                         ReplyPlan& plan) {
  std::size_t sources = settings.words.size();
  for (const char* name : {"message", "file", "null-message", "echo", "command"}) {
    sources += flags.has(name) ? 1 : 0;
  }
  if (sources != 1) {
    return refuse(
        "one answer is needed: behind the filter, or by one of -m, -f, -n, --echo, "
        "--command");
  }
  if (!settings.words.empty()) plan.payload = settings.words.front();
  if (flags.has("message")) plan.payload = flags.text("message");
  if (flags.has("echo")) plan.source = AnswerSource::echo;
  if (flags.has("command")) {
    plan.source = AnswerSource::command;
    plan.command = flags.text("command");
  }
  if (!flags.has("file")) return true;
  const std::string name(flags.text("file"));
  auto text = os::read_file(name, codec::remaining_length_max);
  if (!text) return refuse("the file '" + name + "' cannot be read: " + os::describe(text.error()));
  plan.payload = std::move(*text);
  return true;
}

Parsed<ReplyPlan> plan_of(const ParsedFlags& flags, ConnectionSettings& settings) {
  ReplyPlan plan;
  if (const auto good = take_filters(flags, settings, plan); !good) {
    return std::unexpected(good.error());
  }
  if (const auto good = take_answer(flags, settings, plan); !good) {
    return std::unexpected(good.error());
  }
  plan.response_topic = flags.text("response-topic");
  if (!plan.response_topic.empty() && !codec::check_topic_name(plan.response_topic)) {
    return refuse("-e '" + plan.response_topic + "' is no topic to publish to");
  }
  auto print = print_options(flags, settings.personality);
  if (!print) return std::unexpected(print.error());
  if (print->form != PrintForm::payload || flags.has("no-eol")) plan.print = std::move(*print);
  plan.qos = static_cast<codec::Qos>(flags.integer("qos", 0));
  plan.count = static_cast<std::uint64_t>(flags.integer("count", 0));
  plan.timeout = std::chrono::seconds(flags.integer("timeout", 0));
  plan.command_timeout =
      Duration(static_cast<std::int64_t>(flags.decimal("command-timeout", 30) * 1e9));
  return plan;
}

}  // namespace

int run_reply(const Arguments& arguments) {
  return run_client_command(
      *reply_flags(), arguments,
      [](const ParsedFlags& flags, ConnectionSettings settings) -> Parsed<int> {
        auto plan = plan_of(flags, settings);
        if (!plan) return std::unexpected(plan.error());
        return Replier(std::move(settings), std::move(*plan)).run();
      });
}

}  // namespace sluice::cli
