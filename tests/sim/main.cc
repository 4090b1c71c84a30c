// SPDX-License-Identifier: Apache-2.0
// sim: runs the broker, its clients and their network in one thread under a seed.
#include "tests/sim/world.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#ifndef SLUICE_COMMIT
#define SLUICE_COMMIT "unknown"
#endif

namespace {

using sluice::sim::RunOptions;
using sluice::sim::RunResult;
using sluice::sim::Totals;

constexpr const char* usage =
    "usage: sim [--seed=N | --seeds=A..B] [--salt=N] [--seconds=60] [--shards=K] [--twice] "
    "[--quiet] [--until-failure]\n"
    "  --salt    another series of runs under the same seeds\n"
    "  --twice   runs every seed twice and compares the traces\n";

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  RunOptions run;
  bool is_twice = false;
  bool is_quiet = false;
  bool is_until_failure = false;
};

bool starts(const char* text, const char* prefix) {
  return std::strncmp(text, prefix, std::strlen(prefix)) == 0;
}

bool parse(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const char* text = argv[i];
    const char* equals = std::strchr(text, '=');
    const char* value = equals != nullptr ? equals + 1 : "";
    char* end = nullptr;
    const std::uint64_t number = std::strtoull(value, &end, 10);
    if (starts(text, "--seed="))
      out.first = out.last = number;
    else if (starts(text, "--seeds=") && starts(end, "..")) {
      out.first = number;
      out.last = std::strtoull(end + 2, nullptr, 10);
    } else if (starts(text, "--salt="))
      out.run.salt = number;
    else if (starts(text, "--seconds="))
      out.run.seconds = number;
    else if (starts(text, "--shards=") && number <= 4)
      out.run.shards = static_cast<std::uint16_t>(number);
    else if (std::strcmp(text, "--twice") == 0)
      out.is_twice = true;
    else if (std::strcmp(text, "--until-failure") == 0)
      out.is_until_failure = true;
    else if (std::strcmp(text, "--quiet") == 0)
      out.is_quiet = true;
    else
      return false;
  }
  return true;
}

void print(Totals& totals) {
  sluice::sim::for_each_total(totals, [](const char* name, std::uint64_t value) {
    std::printf("%12" PRIu64 "  %s\n", value, name);
  });
}

bool report(const Arguments& arguments, const RunResult& result, std::uint64_t seed) {
  if (!arguments.is_quiet)
    std::printf("  shards %u  trace %016" PRIx64 "\n", unsigned{result.shards}, result.trace);
  if (result.failures.empty()) return true;
  for (const std::string& failure : result.failures) std::printf("  FAILED: %s\n", failure.c_str());
  std::printf(
      "  commit %s; again: sim --seed=%" PRIu64 " --salt=%" PRIu64 " --seconds=%" PRIu64 "%s\n",
      SLUICE_COMMIT, seed, arguments.run.salt, arguments.run.seconds,
      arguments.run.shards != 0 ? (" --shards=" + std::to_string(arguments.run.shards)).c_str()
                                : "");
  std::fflush(stdout);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fputs(usage, stderr);
    return 2;
  }
  Totals totals;
  std::uint64_t failed = 0;
  for (std::uint64_t seed = arguments.first; seed <= arguments.last; ++seed) {
    RunOptions run = arguments.run;
    run.seed = seed;
    // Before the run, so that one that an assertion ends can be told.
    if (!arguments.is_quiet) {
      std::printf("seed %" PRIu64, seed);
      std::fflush(stdout);
    }
    const RunResult result = sluice::sim::run_seed(run);
    totals.add(result.totals);
    bool is_good = report(arguments, result, seed);
    if (arguments.is_twice && sluice::sim::run_seed(run).trace != result.trace) {
      std::printf("  FAILED: seed %" PRIu64 " gave another trace the second time\n", seed);
      is_good = false;
    }
    failed += is_good ? 0 : 1;
    if (!is_good && arguments.is_until_failure) break;
  }
  std::printf("seeds %" PRIu64 "..%" PRIu64 ": %" PRIu64 " failed\n", arguments.first,
              arguments.last, failed);
  print(totals);
  return failed == 0 ? 0 : 1;
}
