// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/bench_plan_flags.h"
#include "cli/bench/bench_report.h"
#include "cli/bench/crowd.h"
#include "cli/commands.h"
#include "cli/commands/bench_flags.h"
#include "cli/exit_code.h"
#include "cli/flags/command_line.h"
#include "os/file.h"
#include "os/process/resources.h"
#include "os/process/standard_streams.h"

#include <cstdio>
#include <cstdlib>

namespace sluice::cli {
namespace {

constexpr std::size_t report_bytes_max = std::size_t{1} << 20;

std::string environment_url() {
  const char* url = std::getenv("SLUICE_URL");
  return url == nullptr ? "" : url;
}

std::expected<void, std::string> save(const std::string& path, const std::string& json) {
  if (path == "-") {
    std::fputs(json.c_str(), stdout);
    return {};
  }
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return std::unexpected("cannot write " + path);
  const bool is_written = std::fputs(json.c_str(), file) >= 0;
  if (std::fclose(file) != 0 || !is_written) return std::unexpected("cannot write " + path);
  return {};
}

std::expected<Figures, std::string> older_figures(const std::string& path) {
  if (path.empty()) return Figures{};
  const auto json = os::read_file(path, report_bytes_max);
  if (!json) return std::unexpected("cannot read " + path);
  auto figures = read_report(*json);
  if (!figures) return std::unexpected(path + ": " + figures.error());
  return figures;
}

struct Outcome {
  Figures figures;
  bool is_broken = false;
};

std::expected<Outcome, std::string> measure(const BenchPlan& plan) {
  auto machine = BenchMachine::create();
  if (!machine) return std::unexpected(machine.error());
  const bool is_watched = !plan.is_quiet && os::is_terminal(os::StandardStream::error);
  // One line that is written again and again, for a person.
  const BenchProgress progress = [is_watched](const std::string& line) {
    if (is_watched) std::fprintf(stderr, "\r\x1b[K  %s", line.c_str());
  };
  const auto benchmark = make_benchmark(*machine, plan, progress);
  const auto done = benchmark->run();
  if (is_watched) std::fputs("\r\x1b[K", stderr);
  if (!done) return std::unexpected(done.error());
  return Outcome{.figures = benchmark->figures(), .is_broken = benchmark->is_broken()};
}

int run(const Arguments& arguments, const ParsedFlags& flags, const BenchPlan& plan) {
  static_cast<void>(os::raise_descriptor_limit());
  if (plan.server_process != 0 && !server_usage(plan.server_process))
    return complain(arguments, "there is no process " + std::to_string(plan.server_process),
                    exit_usage);
  const auto older = older_figures(std::string(flags.text("compare")));
  if (!older) return complain(arguments, older.error(), exit_usage);
  if (!plan.is_quiet) std::printf("%s\n", plan_line(plan).c_str());
  const auto outcome = measure(plan);
  if (!outcome) return complain(arguments, outcome.error(), exit_failure);
  if (!plan.is_quiet) std::fputs(report_text(outcome->figures).c_str(), stdout);
  if (flags.has("compare")) std::printf("\n%s", comparison_text(*older, outcome->figures).c_str());
  if (flags.has("json")) {
    const auto saved = save(std::string(flags.text("json")), report_json(plan, outcome->figures));
    if (!saved) return complain(arguments, saved.error(), exit_failure);
  }
  if (!outcome->is_broken) return exit_success;
  return complain(arguments, "the broker broke its promise: see the counts above", exit_failure);
}

}  // namespace

int run_bench(const Arguments& arguments) {
  const auto flags = parse_command_line(arguments, *bench_flags());
  if (!flags) return flags.error();
  const auto plan = bench_plan_of(*flags, environment_url());
  if (!plan) return complain(arguments, plan.error().text, exit_usage);
  return run(arguments, *flags, *plan);
}

}  // namespace sluice::cli
