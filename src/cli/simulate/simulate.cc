// SPDX-License-Identifier: Apache-2.0
//
// `sluice simulate`: from the command line to a Simulator.
#include "cli/exit_code.h"
#include "cli/mqtt/client_command.h"
#include "cli/mqtt/connection_flags.h"
#include "cli/simulate/simulate_flags.h"
#include "cli/simulate/simulator.h"
#include "codec/topic.h"
#include "os/entropy.h"
#include "os/file.h"
#include "os/process/standard_streams.h"
#include "os/system_error.h"

#include <cstdio>

namespace sluice::cli {
namespace {

constexpr std::size_t scene_bytes_max = 1 << 20;

constexpr Flag own_flags[] = {
    {"speed", '\0', FlagKind::decimal, "FACTOR", "2 publishes twice as often (1)", 0, 1'000'000},
    {"topic-prefix", '\0', FlagKind::text, "TEXT", "stands in front of each topic"},
    {"qos", 'q', FlagKind::integer, "QOS", "quality of service instead of the scene's", 0, 2},
    {"seed", '\0', FlagKind::integer, "N", "the same seed gives the same values", 0,
     9'007'199'254'740'992},
    {"count", 'C', FlagKind::integer, "COUNT", "end after that many messages", 1, 2'147'483'647},
    {"timeout", 'W', FlagKind::integer, "SECONDS", "end after that time", 1, 2'147'483'647},
    {"print-scene", '\0', FlagKind::toggle, "",
     "print the scene instead: a file to change and to give back"},
    {"dry-run", '\0', FlagKind::toggle, "",
     "print COUNT messages (10) instead of publishing them, with their time in seconds"},
};
constexpr FlagGroup groups[] = {
    {"Scene", own_flags}, {"Broker", broker_flags},     {"Session", session_flags},
    {"Will", will_flags}, {"TLS and proxy", tls_flags}, {"Reports", report_flags},
};
constexpr std::string_view usage[] = {"[URL] building [flags]", "[URL] fleet [flags]",
                                      "[URL] FILE [flags]", "building --print-scene > FILE"};
constexpr Verb verbs[] = {
    {"building", "10 floors with air conditioning, power meters and doors, below sensors/"},
    {"fleet", "20 vans with position, engine and state, below fleet/"},
};
constexpr FlagTable table{"simulate",
                          "publish the telemetry of devices that there are not",
                          usage,
                          groups,
                          Positionals::allowed,
                          {},
                          verbs};

Parsed<std::string> scene_text(const std::string& name) {
  for (const BuiltInScene& scene : built_in_scenes()) {
    if (scene.name == name) return std::string(scene.text);
  }
  auto text = os::read_file(name, scene_bytes_max);
  if (!text) {
    return refuse("there is no scene '" + name +
                  "' (building and fleet come along), and the file "
                  "cannot be read: " +
                  os::describe(text.error()));
  }
  return std::move(*text);
}

int show_messages(const SimulatePlan& plan) {
  SceneSource source(plan.scene, plan.seed);
  for (std::uint64_t at = 0; at < (plan.count > 0 ? plan.count : 10); ++at) {
    const SceneSource::Message message = source.next();
    char line[64];
    const int size = std::snprintf(line, sizeof line, "%.3f ",
                                   static_cast<double>(message.due.count()) / 1e9 / plan.speed);
    std::string text(line, static_cast<std::size_t>(size));
    text += plan.topic_prefix + message.topic + " " + message.payload + "\n";
    if (!os::write_output(as_bytes(text))) break;
  }
  return exit_success;
}

Parsed<int> run(const ParsedFlags& flags, ConnectionSettings settings) {
  if (settings.words.size() != 1) return refuse("one scene is needed: building, fleet or a file");
  auto text = scene_text(settings.words.front());
  if (!text) return std::unexpected(text.error());
  if (flags.has("print-scene")) {
    std::fputs(text->c_str(), stdout);
    return exit_success;
  }
  auto scene = parse_scene(*text);
  if (!scene) return std::unexpected(scene.error());
  SimulatePlan plan;
  plan.scene = std::move(*scene);
  plan.seed =
      flags.has("seed") ? static_cast<std::uint64_t>(flags.integer("seed", 0)) : os::random_seed();
  plan.count = static_cast<std::uint64_t>(flags.integer("count", 0));
  plan.timeout = std::chrono::seconds(flags.integer("timeout", 0));
  plan.speed = flags.decimal("speed", 1);
  if (plan.speed <= 0) return refuse("--speed is above 0");
  plan.topic_prefix = flags.text("topic-prefix");
  if (!plan.topic_prefix.empty() && !codec::check_topic_name(plan.topic_prefix)) {
    return refuse("'" + plan.topic_prefix + "' cannot begin a topic");
  }
  if (flags.has("qos")) plan.qos = static_cast<codec::Qos>(flags.integer("qos", 0));
  if (flags.has("dry-run")) return show_messages(plan);
  return Simulator(std::move(settings), std::move(plan)).run();
}

}  // namespace

const FlagTable* simulate_flags() { return &table; }

int run_simulate(const Arguments& arguments) { return run_client_command(table, arguments, run); }

}  // namespace sluice::cli
