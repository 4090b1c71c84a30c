// SPDX-License-Identifier: Apache-2.0
//
// `sluice sub`: from the command line to a Subscriber.
#include "cli/commands/print_flags.h"
#include "cli/commands/sub_flags.h"
#include "cli/commands/subscriber.h"
#include "cli/flags/flag_parser.h"
#include "cli/mqtt/client_command.h"
#include "cli/mqtt/retain_flags.h"
#include "codec/topic.h"
#include "os/process/standard_streams.h"

namespace sluice::cli {
namespace {

Parsed<bool> check_filters(const std::vector<std::string>& filters) {
  for (const std::string& filter : filters) {
    auto good = codec::check_topic_filter(filter);
    if (good && !codec::split_shared_filter(filter))
      good = fail(codec::split_shared_filter(filter).error());
    if (!good) return refuse("'" + filter + "' is no topic filter: " + good.error().detail);
  }
  return true;
}

Parsed<bool> take_filters(const ParsedFlags& flags, const ConnectionSettings& settings,
                          SubscribePlan& plan) {
  if (settings.url_topic) plan.filters.push_back(*settings.url_topic);
  for (const auto* more : {&flags.list("topic"), &settings.words}) {
    plan.filters.insert(plan.filters.end(), more->begin(), more->end());
  }
  plan.unsubscribes = flags.list("unsubscribe");
  plan.hidden = flags.list("filter-out");
  if (plan.filters.empty()) return refuse("a topic filter is needed: sub FILTER, or -t FILTER");
  for (const auto* list : {&plan.filters, &plan.unsubscribes, &plan.hidden}) {
    if (const auto good = check_filters(*list); !good) return good;
  }
  return true;
}

Parsed<bool> take_choice(const ParsedFlags& flags, SubscribePlan& plan) {
  if (flags.has("no-retained") && flags.has("retained-only")) {
    return refuse("-R and --retained-only exclude each other");
  }
  if (flags.has("no-retained")) plan.retained = RetainedChoice::hidden;
  if (flags.has("retained-only")) plan.retained = RetainedChoice::only;
  plan.removes_retained = flags.has("remove-retained");
  plan.ends_when_subscribed = flags.has("exit-after-subscribe");
  plan.count = static_cast<std::uint64_t>(flags.integer("count", 0));
  plan.timeout = std::chrono::seconds(flags.integer("timeout", 0));
  plan.shown_share = flags.decimal("random-filter", 100) / 100;
  return true;
}

Parsed<SubscribePlan> subscribe_plan_of(const ParsedFlags& flags,
                                        const ConnectionSettings& settings) {
  SubscribePlan plan;
  if (const auto good = take_filters(flags, settings, plan); !good) {
    return std::unexpected(good.error());
  }
  const auto options = subscription_options(flags);
  if (!options) return std::unexpected(options.error());
  plan.options = *options;
  if (const auto good = take_choice(flags, plan); !good) return std::unexpected(good.error());
  auto print = print_options(flags, settings.personality);
  if (!print) return std::unexpected(print.error());
  plan.print = std::move(*print);
  if (flags.has("watch") + flags.has("rate") + flags.has("message-rate") > 1)
    return refuse("--watch, --rate and --message-rate exclude each other");
  if (flags.has("watch") && !os::is_terminal(os::StandardStream::output)) {
    return refuse("--watch needs a terminal");
  }
  if (flags.has("watch")) plan.shown_as = ShownAs::table;
  if (flags.has("rate")) plan.shown_as = ShownAs::rates;
  if (flags.has("message-rate")) plan.shown_as = ShownAs::counts;
  return plan;
}

}  // namespace

int run_sub(const Arguments& arguments) {
  return run_client_command(
      *sub_flags(), arguments,
      [](const ParsedFlags& flags, ConnectionSettings settings) -> Parsed<int> {
        auto plan = subscribe_plan_of(flags, settings);
        if (!plan) return std::unexpected(plan.error());
        return Subscriber(std::move(settings), std::move(*plan)).run();
      });
}

}  // namespace sluice::cli
