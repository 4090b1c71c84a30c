// SPDX-License-Identifier: Apache-2.0
//
// `sluice retained`: lists, removes, exports and imports the messages that a broker keeps.
#include "cli/exit_code.h"
#include "cli/mqtt/client_command.h"
#include "cli/mqtt/connection_flags.h"
#include "cli/output/terminal_text.h"
#include "cli/recording/recording_file.h"
#include "cli/recording/replayer.h"
#include "cli/retained/retained_flags.h"
#include "cli/retained/retained_session.h"
#include "codec/topic.h"
#include "os/system_error.h"

#include <array>
#include <cstdio>

namespace sluice::cli {
namespace {

constexpr Verb verbs[] = {
    {"ls", "ls FILTER…: their topics, sizes and beginnings"},
    {"rm", "rm FILTER…: remove them from the broker"},
    {"export", "export FILTER…: one JSON object a line on standard output"},
    {"import", "import FILE: publish what was exported, or recorded; - is standard input"},
};
constexpr Flag own_flags[] = {
    {"dry-run", '\0', FlagKind::toggle, "", "rm, import: only say what would be done"},
    {"filter-out", 'T', FlagKind::list, "FILTER", "leave these topics out; may be repeated"},
    {"json", '\0', FlagKind::toggle, "", "ls: one JSON object a line"},
    {"silence", '\0', FlagKind::decimal, "SECONDS",
     "no message for that time means that there are no more (0.5)", 0, 3'600},
};
constexpr FlagGroup groups[] = {
    {"Retained messages", own_flags}, {"Broker", broker_flags},  {"Session", session_flags},
    {"TLS and proxy", tls_flags},     {"Reports", report_flags},
};
constexpr std::string_view usage[] = {"ls FILTER… [flags]", "rm FILTER… [--dry-run] [flags]",
                                      "export FILTER… > FILE", "import FILE [--dry-run] [flags]"};
constexpr FlagTable table{"retained",
                          "list, remove, export and import retained messages",
                          usage,
                          groups,
                          Positionals::allowed,
                          {},
                          verbs};

Parsed<bool> check_filters(const std::vector<std::string>& filters) {
  for (const std::string& filter : filters) {
    if (const auto good = codec::check_topic_filter(filter); !good) {
      return refuse("'" + filter + "' is no topic filter: " + good.error().detail);
    }
  }
  return true;
}

/// What an import would publish.
Parsed<int> show_import(const std::string& name) {
  const auto file = open_recording(name);
  if (!file) return refuse("'" + name + "': " + os::describe(file.error()));
  RecordingReader reader;
  std::array<std::uint8_t, 65'536> buffer{};
  for (bool is_over = false; !is_over;) {
    const auto got = file->read(buffer);
    if (!got) return refuse("'" + name + "': " + os::describe(got.error()));
    is_over = *got == 0;
    if (is_over) reader.end();
    reader.feed(ByteView(buffer).first(*got));
    for (;;) {
      const auto message = reader.next();
      if (!message) {
        return refuse("'" + name + "': " + message.error().detail + ", behind message " +
                      std::to_string(reader.count()));
      }
      if (!*message) break;
      std::string topic;
      append_printable((*message)->topic, topic);
      std::printf("would publish %s  %zu B\n", topic.c_str(), (*message)->payload.size());
    }
  }
  return exit_success;
}

Parsed<int> import_file(const ParsedFlags& flags, ConnectionSettings settings) {
  if (settings.words.size() != 1) return refuse("one file is needed: retained import FILE");
  const std::string name = settings.words.front();
  if (flags.has("dry-run")) return show_import(name);
  const auto file = open_recording(name);
  if (!file) return refuse("'" + name + "': " + os::describe(file.error()));
  ReplayPlan plan;
  plan.file = name;
  plan.speed = 0;
  plan.retain = true;
  return Replayer(std::move(settings), std::move(plan), open_recording).run();
}

Parsed<int> run(const ParsedFlags& flags, ConnectionSettings settings) {
  if (settings.words.empty()) return refuse("say what to do: ls, rm, export or import");
  const std::string verb = settings.words.front();
  settings.words.erase(settings.words.begin());
  if (verb == "import") return import_file(flags, std::move(settings));
  RetainedPlan plan;
  if (verb == "rm")
    plan.task = RetainedTask::remove;
  else if (verb == "export")
    plan.task = RetainedTask::write;
  else if (verb != "ls")
    return refuse("there is no '" + verb + "'; there are ls, rm, export and import");
  plan.filters = settings.words;
  if (settings.url_topic) plan.filters.push_back(*settings.url_topic);
  if (plan.filters.empty()) return refuse("a topic filter is needed: retained " + verb + " FILTER");
  plan.spared = flags.list("filter-out");
  for (const auto* filters : {&plan.filters, &plan.spared}) {
    if (const auto good = check_filters(*filters); !good) return std::unexpected(good.error());
  }
  plan.is_json = flags.has("json");
  plan.is_dry_run = flags.has("dry-run");
  plan.silence = Duration(static_cast<std::int64_t>(flags.decimal("silence", 0.5) * 1e9));
  return RetainedSession(std::move(settings), std::move(plan)).run();
}

}  // namespace

const FlagTable* retained_flags() { return &table; }

int run_retained(const Arguments& arguments) { return run_client_command(table, arguments, run); }

}  // namespace sluice::cli
