// SPDX-License-Identifier: Apache-2.0
//
// `sluice record` and `sluice replay`: from the command line to a Recorder and a Replayer.
#include "cli/mqtt/client_command.h"
#include "cli/recording/recorder.h"
#include "cli/recording/recording_file.h"
#include "cli/recording/recording_flags.h"
#include "cli/recording/replayer.h"
#include "codec/topic.h"
#include "os/process/standard_streams.h"
#include "os/system_error.h"

namespace sluice::cli {
namespace {

Parsed<RecordPlan> record_plan(const ParsedFlags& flags, const ConnectionSettings& settings) {
  RecordPlan plan;
  if (settings.url_topic) plan.filters.push_back(*settings.url_topic);
  for (const auto* more : {&flags.list("topic"), &settings.words}) {
    plan.filters.insert(plan.filters.end(), more->begin(), more->end());
  }
  if (plan.filters.empty()) return refuse("a topic filter is needed: record FILTER -o FILE");
  for (const std::string& filter : plan.filters) {
    if (const auto good = codec::check_topic_filter(filter); !good) {
      return refuse("'" + filter + "' is no topic filter: " + good.error().detail);
    }
  }
  plan.file = flags.text("output");
  if (plan.file == "-") plan.file.clear();
  if (flags.has("json")) plan.form = RecordingForm::json;
  const bool is_to_person =
      plan.file.empty() && !flags.has("json") && os::is_terminal(os::StandardStream::output);
  if (is_to_person) return refuse("a recording is no text: name a file with -o, or say --json");
  plan.qos = static_cast<codec::Qos>(flags.integer("qos", 2));
  plan.hides_retained = flags.has("no-retained");
  plan.count = static_cast<std::uint64_t>(flags.integer("count", 0));
  plan.timeout = std::chrono::seconds(flags.integer("timeout", 0));
  return plan;
}

Parsed<ReplayPlan> replay_plan(const ParsedFlags& flags, const ConnectionSettings& settings) {
  ReplayPlan plan;
  if (settings.words.size() != 1)
    return refuse(
        "one file is needed: replay FILE, - for standard "
        "input");
  plan.file = settings.words.front();
  plan.speed = flags.decimal("speed", 1);
  plan.topic_prefix = flags.text("topic-prefix");
  if (!plan.topic_prefix.empty() && !codec::check_topic_name(plan.topic_prefix)) {
    return refuse("'" + plan.topic_prefix + "' cannot begin a topic");
  }
  if (flags.has("qos")) plan.qos = static_cast<codec::Qos>(flags.integer("qos", 0));
  if (flags.has("retain") && flags.has("no-retain")) {
    return refuse("-r and --no-retain exclude each other");
  }
  if (flags.has("retain")) plan.retain = true;
  if (flags.has("no-retain")) plan.retain = false;
  plan.rounds = static_cast<std::uint64_t>(flags.integer("repeat", 1));
  if (plan.file == "-" && plan.rounds != 1) return refuse("standard input can be read once only");
  return plan;
}

}  // namespace

Result<os::StreamFile> open_recording(const std::string& name) {
  if (name == "-") return os::StreamFile::standard_input();
  return os::StreamFile::open(name);
}

int run_record(const Arguments& arguments) {
  return run_client_command(
      *record_flags(), arguments,
      [](const ParsedFlags& flags, ConnectionSettings settings) -> Parsed<int> {
        auto plan = record_plan(flags, settings);
        if (!plan) return std::unexpected(plan.error());
        Result<os::StreamFile> file = plan->file.empty() ? os::StreamFile::standard_output()
                                                         : os::StreamFile::create(plan->file);
        if (!file) return refuse("'" + plan->file + "': " + os::describe(file.error()));
        return Recorder(std::move(settings), std::move(*plan), std::move(*file)).run();
      });
}

int run_replay(const Arguments& arguments) {
  return run_client_command(
      *replay_flags(), arguments,
      [](const ParsedFlags& flags, ConnectionSettings settings) -> Parsed<int> {
        auto plan = replay_plan(flags, settings);
        if (!plan) return std::unexpected(plan.error());
        const auto file = open_recording(plan->file);
        if (!file) return refuse("'" + plan->file + "': " + os::describe(file.error()));
        return Replayer(std::move(settings), std::move(*plan), open_recording).run();
      });
}

}  // namespace sluice::cli
