// SPDX-License-Identifier: Apache-2.0
//
// `sluice compare http`: starts a broker and an HTTP server, measures both, prints the tables.
#include "cli/commands.h"
#include "cli/compare/compare_flags.h"
#include "cli/compare/compare_report.h"
#include "cli/compare/http_server.h"
#include "cli/exit_code.h"
#include "cli/flags/command_line.h"
#include "codec/topic.h"
#include "os/clock.h"
#include "os/process/child_process.h"
#include "os/reactor/reactor.h"
#include "os/system_error.h"

#include <charconv>
#include <cstdio>
#include <memory>

namespace sluice::cli {
namespace {

constexpr Duration start_timeout = 20s;

constexpr Verb verbs[] = {{"http", "telemetry over HTTP and over MQTT, measured on this machine"}};
constexpr Flag own_flags[] = {
    {"topic", 't', FlagKind::text, "TOPIC", "topic, and path (sensors/floor3/temperature/hvac-7)"},
    {"message", 'm', FlagKind::text, "TEXT", "the telemetry ({\"temperature\": 21.5})"},
    {"messages", '\0', FlagKind::integer, "COUNT",
     "messages one behind another, for the processor time (2000)", 10, 1'000'000},
    {"samples", '\0', FlagKind::integer, "COUNT",
     "messages with time between them, for bytes and packets (30)", 2, 10'000},
    {"poll-interval", '\0', FlagKind::integer, "MS",
     "how often the HTTP device asks for commands (250)", 1, 60'000},
    {"pushes", '\0', FlagKind::integer, "COUNT", "commands to the device (20)", 1, 10'000},
    {"json", '\0', FlagKind::toggle, "", "the figures as one JSON object"},
    {"help", '\0', FlagKind::toggle, "", "show this and end"},
};
constexpr FlagGroup groups[] = {{"Flags", own_flags}};
constexpr std::string_view usage[] = {"http [flags]"};
constexpr FlagTable table{
    "compare", "measure MQTT beside HTTP", usage, groups, Positionals::allowed, {}, verbs};

/// A server that this program starts and kills again.
class StartedServer {
 public:
  /// `words` behind the program's name; it prints its port behind `mark`.
  static Result<StartedServer> start(const std::string& words, std::string_view mark) {
    SLUICE_TRY(const std::string program, os::own_program());
    SLUICE_TRY(auto child, os::ChildProcess::start("exec " + program + " " + words, {}, {}));
    SLUICE_TRY(auto reactor, os::Reactor::create());
    SLUICE_CHECK(reactor->add(child->fd(), 1, os::Watch::level_read));
    const Instant deadline = os::monotonic_now() + start_timeout;
    while (os::monotonic_now() < deadline) {
      reactor->wait(deadline - os::monotonic_now());
      if (child->read_some()) return fail(ErrorCode::io_error, "a server ended at once");
      const std::string& text = child->output();
      const auto at = text.find(mark);
      if (at == std::string::npos || text.find('\n', at) == std::string::npos) continue;
      MeasuredServer server{.port = 0, .process = child->process_id()};
      std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), server.port);
      return StartedServer(server, std::move(child));
    }
    return fail(ErrorCode::timed_out, "a server does not start");
  }
  const MeasuredServer& server() const { return server_; }

 private:
  StartedServer(const MeasuredServer& server, std::unique_ptr<os::ChildProcess> child)
      : server_(server), child_(std::move(child)) {}

  MeasuredServer server_;
  std::unique_ptr<os::ChildProcess> child_;
};

Result<std::vector<Way>> measure(const ComparePlan& plan) {
  SLUICE_TRY(const StartedServer broker,
             StartedServer::start("serve --bind 127.0.0.1 --port 0 --threads 1 --durability memory "
                                  "--set admin.port=0 2>/dev/null",
                                  "listening on 127.0.0.1:"));
  SLUICE_TRY(const StartedServer http, StartedServer::start("compare serve-http", "port "));
  SLUICE_TRY(std::vector<Way> ways, measure_mqtt(plan, broker.server()));
  SLUICE_TRY(const std::vector<Way> others, measure_http(plan, http.server()));
  ways.insert(ways.end(), others.begin(), others.end());
  return ways;
}

}  // namespace

const FlagTable* compare_flags() { return &table; }

int run_compare(const Arguments& arguments) {
  const auto flags = parse_command_line(arguments, table);
  if (!flags) return flags.error();
  const std::string verb = flags->words().empty() ? std::string() : flags->words().front();
  if (verb == "serve-http") return serve_http();
  if (verb != "http" || flags->words().size() > 1) {
    return complain(arguments, "say what to compare MQTT with: compare http", exit_usage);
  }
  ComparePlan plan;
  plan.topic = flags->text("topic", plan.topic);
  plan.payload = flags->text("message", plan.payload);
  if (!codec::check_topic_name(plan.topic) ||
      plan.topic.find_first_of(" ?\r\n") != std::string::npos)
    return complain(arguments, "'" + plan.topic + "' is no topic that is a path too", exit_usage);
  if (plan.payload.empty()) return complain(arguments, "the message is empty", exit_usage);
  plan.messages = static_cast<std::uint32_t>(flags->integer("messages", plan.messages));
  plan.samples = static_cast<std::uint32_t>(flags->integer("samples", plan.samples));
  plan.pushes = static_cast<std::uint32_t>(flags->integer("pushes", plan.pushes));
  plan.poll_interval =
      std::chrono::milliseconds(flags->integer("poll-interval", plan.poll_interval / 1ms));
  const auto ways = measure(plan);
  if (!ways) return complain(arguments, os::describe(ways.error()), exit_failure);
  const std::string text =
      flags->has("json") ? comparison_json(plan, *ways) : comparison_text(plan, *ways);
  std::fputs(text.c_str(), stdout);
  return exit_success;
}

}  // namespace sluice::cli
