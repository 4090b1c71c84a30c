// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/state_bench.h"

#include "os/clock.h"

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr std::uint32_t warm_clients = 50;
constexpr Duration show_every = 500ms;

}  // namespace

StateBench::Mark StateBench::mark() const {
  return {.time = os::monotonic_now(), .server = usage()};
}

void StateBench::record(const Phase& phase, const Mark& from, std::uint64_t count) {
  const Mark now_at = mark();
  const auto things = static_cast<double>(std::max<std::uint64_t>(count, 1));
  const auto passed = static_cast<double>((now_at.time - from.time).count());
  add_figure({phase.name + "_per_s", phase.label + ", a second",
              passed > 0 ? things * 1e9 / passed : 0, FigureUnit::per_second, FigureGood::high});
  if (plan().server_process == 0) return;
  const auto cpu = static_cast<double>((now_at.server.cpu_time - from.server.cpu_time).count());
  add_figure({phase.name + "_cpu_ns", phase.label + ", server CPU", cpu / things, FigureUnit::ns,
              FigureGood::low});
  if (!phase.has_memory) return;
  const auto grown = static_cast<double>(now_at.server.resident_bytes) -
                     static_cast<double>(from.server.resident_bytes);
  add_figure({phase.name + "_bytes", phase.label + ", server memory", std::max(grown, 0.0) / things,
              FigureUnit::bytes, FigureGood::low});
}

BenchResult StateBench::outcome(bool is_done, const std::string& what) const {
  if (!failure().empty()) return std::unexpected(failure());
  if (is_stopped()) return std::unexpected("stopped");
  if (!is_done) return std::unexpected(what);
  return {};
}

void StateBench::show_share(std::uint64_t done, std::uint64_t count) {
  if (now() - shown_ < show_every) return;
  shown_ = now();
  show(figure_text(static_cast<double>(done), FigureUnit::count) + " of " +
       figure_text(static_cast<double>(count), FigureUnit::count));
}

BenchResult StateBench::send_all(std::uint64_t count, const std::uint64_t& done,
                                 const std::function<void(std::uint64_t)>& send) {
  const std::uint64_t window = plan().window;
  const std::uint64_t quarter = std::max<std::uint64_t>(1, window / 4);
  std::uint64_t next = 0;
  std::uint64_t seen = 0;
  const bool is_done = run_until([&] {
    if (done != seen) note_progress();
    seen = done;
    const std::uint64_t room = next - done < window ? window - (next - done) : 0;
    for (std::uint64_t i = 0; room >= quarter && i < room && next < count; ++i) send(next++);
    show_share(done, count);
    return done >= count;
  });
  return outcome(is_done, "the broker answered " + std::to_string(done) + " of " +
                              std::to_string(count) + " and then nothing more");
}

BenchResult StateBench::wait_for(std::uint64_t count, const std::uint64_t& done) {
  std::uint64_t seen = 0;
  const bool is_done = run_until([&] {
    if (done != seen) note_progress();
    seen = done;
    show_share(done, count);
    return done >= count;
  });
  return outcome(is_done, "of " + std::to_string(count) + " messages " +
                              std::to_string(count - std::min(done, count)) + " never came");
}

BenchResult StateBench::warm_up() {
  std::vector<LinkIndex> links;
  for (std::uint32_t i = 0; i < warm_clients; ++i)
    links.push_back(add({.client_id = client_id("warm", i)}));
  if (auto done = connect(links.front(), links.size()); !done) return done;
  const std::string filter = topic("warm/+");
  for (const LinkIndex link : links) subscribe(link, {&filter, 1}, plan().qos);
  if (auto done = subscribed(); !done) return done;
  for (const LinkIndex link : links) leave(link);
  return {};
}

std::string StateBench::topic(std::string_view rest) const {
  return "bench/" + std::to_string(plan().run_tag) + "/" + std::string(rest);
}

}  // namespace sluice::cli
