// SPDX-License-Identifier: Apache-2.0
//
// How much one client publishes, and what a message costs the process that it is in: all threads of
// the client, and the kernel's work for it. bench/client/compare runs it on a core of its own.
//
// Usage: bench_client HOST PORT [MESSAGES [ROUNDS [WORD]]]
//   of ROUNDS the best counts; only ways whose name has WORD in it
#include "bench/client/way.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace sluice::bench {

void give_up(const std::string& why) {
  std::fprintf(stderr, "bench_client: %s\n", why.c_str());
  std::_Exit(1);
}

namespace {

constexpr std::size_t payload_bytes = 64;

struct Cost {
  double seconds = 1e9;
  double processor_seconds = 1e9;
};

double processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Cost measure(Publisher& publisher, int messages) {
  const std::string payload(payload_bytes, 'x');
  const double processor_before = processor_seconds();
  const auto before = std::chrono::steady_clock::now();
  publisher.publish(messages, payload);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  return {.seconds = took.count(), .processor_seconds = processor_seconds() - processor_before};
}

void print_row(const Way& way, int messages, const Cost& cost) {
  std::printf("| %s | %.0f | %.0f ns |\n", way.name.c_str(), messages / cost.seconds,
              cost.processor_seconds / messages * 1e9);
  std::fflush(stdout);
}

}  // namespace
}  // namespace sluice::bench

int main(int count, char** words) {
  using namespace sluice::bench;
  if (count < 3) give_up("usage: bench_client HOST PORT [MESSAGES [ROUNDS [WORD]]]");
  const std::string host = words[1];
  const int port = std::atoi(words[2]);
  const int messages = count > 3 ? std::atoi(words[3]) : 3'000'000;
  const int rounds = count > 4 ? std::atoi(words[4]) : 3;
  const std::string wanted = count > 5 ? words[5] : "";
  std::vector<Way> ways = ways_of_sluice();
  for (Way& way : ways_of_others()) ways.push_back(std::move(way));
  std::printf("| one client, %zu B | publishes/s | processor time of each |\n|---|---|---|\n",
              payload_bytes);
  for (const Way& way : ways) {
    if (way.name.find(wanted) == std::string::npos) continue;
    const auto publisher = way.connect(host, port);
    Cost best;
    const int part = std::max(1'000, messages / way.part / 1'000 * 1'000);
    static_cast<void>(measure(*publisher, 1'000));
    for (int round = 0; round < rounds; ++round) {
      const Cost cost = measure(*publisher, part);
      best.seconds = std::min(best.seconds, cost.seconds);
      best.processor_seconds = std::min(best.processor_seconds, cost.processor_seconds);
    }
    print_row(way, part, best);
  }
  return 0;
}
