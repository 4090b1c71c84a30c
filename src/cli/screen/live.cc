// SPDX-License-Identifier: Apache-2.0
//
// `sluice explore` and `sluice top`: from the command line to an Explorer and a TopView.
#include "cli/mqtt/client_command.h"
#include "cli/mqtt/connection_flags.h"
#include "cli/screen/explorer.h"
#include "cli/screen/screen_flags.h"
#include "cli/screen/top_view.h"
#include "codec/topic.h"

namespace sluice::cli {
namespace {

constexpr Flag once_flag{"once",
                         '\0',
                         FlagKind::decimal,
                         "SECONDS",
                         "print one picture after that time, and end: no terminal is needed",
                         0,
                         3'600};

constexpr Flag explore_own_flags[] = {
    {"topic", 't', FlagKind::list, "FILTER", "what to show (#); may be repeated"},
    {"open", '\0', FlagKind::toggle, "", "all levels are open from the beginning"},
    once_flag,
};
constexpr FlagGroup explore_groups[] = {
    {"Explore", explore_own_flags}, {"Broker", broker_flags},  {"Session", session_flags},
    {"TLS and proxy", tls_flags},   {"Reports", report_flags},
};
constexpr std::string_view explore_usage[] = {"[URL] [FILTER…] [flags]"};
constexpr std::string_view explore_notes =
    R"(Keys:
  up, down, page up, page down, home, end   choose a topic
  right, left, enter                        open it, close it, either
  e   open all      space   pause      q   end
)";
constexpr FlagTable explore_table{"explore",
                                  "a tree of topics with values, rates and plots",
                                  explore_usage,
                                  explore_groups,
                                  Positionals::allowed,
                                  explore_notes};

constexpr Flag top_own_flags[] = {
    {"topic", 't', FlagKind::list, "FILTER", "topics to count (#); may be repeated"},
    {"admin", '\0', FlagKind::text, "HOST:PORT",
     "the broker's administration port, for its clients (127.0.0.1:18083)"},
    once_flag,
};
constexpr FlagGroup top_groups[] = {
    {"Top", top_own_flags},       {"Broker", broker_flags},  {"Session", session_flags},
    {"TLS and proxy", tls_flags}, {"Reports", report_flags},
};
constexpr std::string_view top_usage[] = {"[URL] [flags]"};
constexpr FlagTable top_table{"top", "what a broker does: rates, busiest topics, clients",
                              top_usage, top_groups, Positionals::allowed};

Parsed<LiveOptions> live_options(const ParsedFlags& flags, const ConnectionSettings& settings) {
  LiveOptions options;
  options.filters = flags.list("topic");
  if (settings.url_topic) options.filters.push_back(*settings.url_topic);
  options.filters.insert(options.filters.end(), settings.words.begin(), settings.words.end());
  if (options.filters.empty()) options.filters.emplace_back("#");
  for (const std::string& filter : options.filters) {
    if (const auto good = codec::check_topic_filter(filter); !good) {
      return refuse("'" + filter + "' is no topic filter: " + good.error().detail);
    }
  }
  if (flags.has("once")) {
    options.once_after = Duration(static_cast<std::int64_t>(flags.decimal("once", 1) * 1e9));
    options.once_after = std::max(options.once_after, Duration(1ms));
  }
  return options;
}

}  // namespace

const FlagTable* explore_flags() { return &explore_table; }
const FlagTable* top_flags() { return &top_table; }

int run_explore(const Arguments& arguments) {
  return run_client_command(
      explore_table, arguments,
      [](const ParsedFlags& flags, ConnectionSettings settings) -> Parsed<int> {
        auto options = live_options(flags, settings);
        if (!options) return std::unexpected(options.error());
        const bool is_all_open = flags.has("open") || flags.has("once");
        return Explorer(std::move(settings), std::move(*options), is_all_open).run();
      });
}

int run_top(const Arguments& arguments) {
  return run_client_command(
      top_table, arguments,
      [](const ParsedFlags& flags, ConnectionSettings settings) -> Parsed<int> {
        auto options = live_options(flags, settings);
        if (!options) return std::unexpected(options.error());
        options->filters.emplace_back("$SYS/broker/#");
        std::string admin(flags.text("admin", "127.0.0.1:18083"));
        return TopView(std::move(settings), std::move(*options), std::move(admin)).run();
      });
}

}  // namespace sluice::cli
