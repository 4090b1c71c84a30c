// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/commands/listen_url.h"
#include "cli/commands/profile.h"
#include "cli/commands/serve_flags.h"
#include "cli/exit_code.h"
#include "cli/flags/command_line.h"
#include "cli/version.h"
#include "config/load.h"
#include "config/reference.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/process/standard_streams.h"
#include "os/system_error.h"
#include "server/doors/door_settings.h"
#include "server/durability/durability_settings.h"
#include "server/log_sink.h"
#include "server/option_schema.h"
#include "server/server.h"

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace sluice::cli {
namespace {

constexpr std::size_t config_bytes_max = std::size_t{16} << 20;

// Flags are short for assignments; one given twice is the last.
config::Inputs inputs_from(const ParsedFlags& flags, std::vector<config::Problem>& problems) {
  config::Inputs inputs;
  inputs.environment = os::environment();
  const auto assign = [&inputs](std::string key, std::string_view value) {
    inputs.assignments.push_back(std::move(key += "=").append(value));
  };
  if (flags.has("bind")) {
    std::string all;
    for (const std::string& address : flags.list("bind")) all += (all.empty() ? "" : ",") + address;
    assign("server.bind", all);
  }
  if (flags.has("port")) assign("server.port", flags.text("port"));
  if (flags.has("threads")) assign("server.threads", flags.text("threads"));
  if (flags.has("allow-anonymous")) assign("server.allow_anonymous", "true");
  if (flags.has("password-file")) assign("auth.password_file", flags.text("password-file"));
  if (flags.has("acl-file")) assign("acl.acl_file", flags.text("acl-file"));
  if (flags.has("rules")) assign("acl.rules_file", flags.text("rules"));
  if (flags.has("data")) assign("durability.directory", flags.text("data"));
  if (flags.has("durability")) assign("durability.mode", flags.text("durability"));
  if (flags.has("log-format")) assign("log.format", flags.text("log-format"));
  if (flags.has("verbose")) assign("log.level", "debug");
  if (flags.has("profile")) {
    auto profile =
        find_profile(flags.text("profile"), {.certificate = std::string(flags.text("certificate")),
                                             .key = std::string(flags.text("key")),
                                             .client_ca = std::string(flags.text("client-ca"))});
    if (profile) {
      inputs.defaults = std::move(profile->defaults);
      inputs.entries = std::move(profile->listeners);
    } else {
      problems.push_back({"--profile", profile.error()});
    }
  }
  for (const std::string& url : flags.list("listen")) {
    auto entry = listener_of_url(url);
    if (entry)
      inputs.entries.push_back(std::move(*entry));
    else
      problems.push_back({"--listen " + url, entry.error()});
  }
  for (const std::string& assignment : flags.list("set")) inputs.assignments.push_back(assignment);
  return inputs;
}

struct Configuration {
  std::vector<config::Problem> problems;
  std::optional<config::Settings> settings;
};

// What the options together make impossible, beside what single options do.
void check_together(const config::Settings& settings, std::vector<config::Problem>& problems) {
  const server::AllOptions options = server::options_from(settings);
  const auto& store = options.store.store;
  if (store.segment_bytes_min > store.segment_bytes_max)
    problems.push_back({"store.segment_bytes_min", "is above store.segment_bytes_max"});
  if (const auto rules = server::durability_rules(options.server.durability); !rules)
    problems.push_back({"durability.topics", rules.error()});
  for (const server::ListenerOptions& listener : options.listeners) {
    if (const auto good = server::check(listener); !good)
      problems.push_back({listener.place, good.error()});
    if (const auto good = server::check(listener, options.server.durability); !good)
      problems.push_back({listener.place, good.error()});
  }
}

void check_access_files(const config::Settings& settings, std::vector<config::Problem>& problems) {
  if (auto files = server::read_access_files(server::options_from(settings).auth); !files)
    problems.insert(problems.end(), files.error().begin(), files.error().end());
}

/// Who reads the files that say who may do what: a broker that runs does so anyway.
enum class AccessFiles : std::uint8_t { checked, left_to_broker };

Configuration configure(const ParsedFlags& flags, AccessFiles access_files) {
  Configuration result;
  config::Inputs inputs = inputs_from(flags, result.problems);
  if (flags.has("config")) {
    inputs.file_name = flags.text("config");
    const auto text = os::read_file(inputs.file_name, config_bytes_max);
    if (!text) {
      result.problems.push_back(
          {inputs.file_name, "cannot be read: " + os::describe(text.error())});
      return result;
    }
    inputs.file_text = *text;
  }
  config::Loaded loaded = config::load(server::option_schema(), inputs);
  result.problems.insert(result.problems.end(), loaded.problems.begin(), loaded.problems.end());
  if (result.problems.empty()) {
    check_together(loaded.settings, result.problems);
    if (access_files == AccessFiles::checked) check_access_files(loaded.settings, result.problems);
  }
  result.settings = std::move(loaded.settings);
  return result;
}

int report(const std::vector<config::Problem>& problems) {
  for (const config::Problem& problem : problems)
    std::fprintf(stderr, "sluice serve: %s\n", config::to_string(problem).c_str());
  return exit_failure;
}

// The prints that need no broker; -1 if none was asked for.
int print_only(const ParsedFlags& flags, const config::Settings& settings) {
  const auto print = [](const std::string& text) {
    return std::fputs(text.c_str(), stdout), exit_success;
  };
  if (flags.has("print-defaults")) return print(config::commented_file(server::option_schema()));
  if (flags.has("print-reference")) return print(config::option_reference(server::option_schema()));
  if (flags.has("print-metrics")) return print(config::metric_reference(server::metric_tables()));
  if (flags.has("print-config")) return print(settings.effective_file());
  if (flags.has("check")) return print("The configuration is in order.\n");
  return -1;
}

// What sub and pub need to find the broker on this machine; nothing where more than a port is
// needed.
std::optional<std::string> option_to_connect(const server::Server& broker) {
  for (const std::string& address : broker.addresses()) {
    if (!address.ends_with(" (mqtt)")) continue;
    const std::string place = address.substr(0, address.find(' '));
    if (place.front() == '/' || place.front() == '@') return " --unix " + place;
    const std::string port = place.substr(place.rfind(':') + 1);
    return port == "1883" ? "" : " -p " + port;
  }
  return std::nullopt;
}

std::string durability_text(const server::ServerOptions::Durability& durability) {
  using Mode = server::ServerOptions::Durability::Mode;
  const bool is_plain = durability.directory.front() != '/' && durability.directory.front() != '.';
  const std::string data = ", data in " + ((is_plain ? "./" : "") + durability.directory);
  switch (durability.mode) {
    case Mode::memory:
      return "memory (a stop forgets sessions and retained messages)";
    case Mode::os:
      return "os (a power cut may lose what was acknowledged)" + data;
    case Mode::fsync:
      return "fsync (what is acknowledged is on the disk)" + data;
  }
  return "";
}

void print_banner(const server::Server& broker, const server::ServerOptions::Durability& options) {
  std::printf("%s, %u thread%s, durability: %s\n", version_line(), broker.threads(),
              broker.threads() == 1 ? "" : "s", durability_text(options).c_str());
  for (const std::string& address : broker.addresses())
    std::printf("listening on %s\n", address.c_str());
  if (!broker.admin_address().empty())
    std::printf("admin on http://%s (/metrics, /health)\n", broker.admin_address().c_str());
  if (const auto option = option_to_connect(broker))
    std::printf(
        "try:  sluice sub%s 'sensors/#'   and in another terminal:  sluice pub%s "
        "sensors/1/temperature 21.5\n",
        option->c_str(), option->c_str());
  if (!broker.is_open_to_network())
    std::printf(
        "only this machine can connect; to open it to the network: sluice serve --bind 0.0.0.0 "
        "--allow-anonymous\n");
  std::fflush(stdout);
}

void refuse_reload(const std::vector<config::Problem>& problems, const std::string& file,
                   server::LogSink& log) {
  for (const config::Problem& problem : problems)
    log.error("config_problem", {{"place", problem.place}, {"problem", problem.text}});
  log.error("config_reload_refused", {{"file", file}, {"problems", problems.size()}});
}

void reload(const ParsedFlags& flags, config::Settings& current, server::Server& broker,
            server::LogSink& log) {
  Configuration next = configure(flags, AccessFiles::left_to_broker);
  const std::string file(flags.text("config", "the command line"));
  if (!next.problems.empty()) {
    refuse_reload(next.problems, file, log);
    return;
  }
  // First what may fail: certificates and listeners.
  config::Settings taken = current.reloaded(*next.settings);
  const server::AllOptions options = server::options_from(taken);
  if (const auto applied = broker.apply(options); !applied) {
    refuse_reload(applied.error(), file, log);
    return;
  }
  const auto changes = current.changes(*next.settings);
  for (const config::Change& change : changes) {
    const std::string before = config::format_option(*change.row, change.before);
    const std::string after = config::format_option(*change.row, change.after);
    const std::string option = config::option_path(*change.row);
    log.info(change.needs_restart() ? "config_option_needs_restart" : "config_option_changed",
             {{"option", option}, {"before", before}, {"after", after}});
  }
  log.reload(options.server.log);
  current = std::move(taken);
  log.info("config_reloaded", {{"file", file}, {"changes", changes.size()}});
}

}  // namespace

int run_serve(const Arguments& arguments) {
  const auto flags = parse_command_line(arguments, *serve_flags());
  if (!flags) return flags.error();
  Configuration configuration = configure(*flags, AccessFiles::checked);
  if (!configuration.problems.empty()) return report(configuration.problems);
  config::Settings settings = std::move(*configuration.settings);
  if (const int code = print_only(*flags, settings); code >= 0) return code;

  const server::AllOptions options = server::options_from(settings);
  server::LogSink log(options.server.log, os::wall_now);
  log.info("server_starting", {{"version", version_number()}});
  server::Server broker(options, version_number(), log);
  if (const auto started = broker.start(); !started) {
    std::fprintf(stderr, "sluice serve: %s\n", started.error().text.c_str());
    return exit_failure;
  }
  print_banner(broker, options.server.durability);
  log.info("server_started", {{"version", version_number()}});
  broker.run([&] { reload(*flags, settings, broker, log); });
  log.info("server_stopped", {{"version", version_number()}});
  return exit_success;
}

}  // namespace sluice::cli
