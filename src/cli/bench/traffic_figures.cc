// SPDX-License-Identifier: Apache-2.0
//
// What Traffic found, as figures.
#include "cli/bench/traffic.h"

#include <array>

namespace sluice::cli {
namespace {

double ns_of(Duration duration) { return static_cast<double>(duration.count()); }

}  // namespace

bool Traffic::is_broken() const {
  if (tally_.duplicated > 0 || tally_.reordered > 0) return true;
  return lost() > 0 && plan().qos != codec::Qos::at_most_once;
}

Figures Traffic::figures() const {
  const auto received = static_cast<double>(last_.received - first_.received);
  const double seconds = ns_of(last_.time - first_.time) / 1e9;
  Figures out;
  out.push_back({"delivered", "messages delivered", received, FigureUnit::count, {}});
  out.push_back({"delivered_per_s", "messages delivered a second",
                 seconds > 0 ? received / seconds : 0, FigureUnit::per_second, FigureGood::high});
  out.push_back({"lost", "lost", static_cast<double>(lost()), FigureUnit::count, FigureGood::low});
  out.push_back({"duplicated", "duplicated", static_cast<double>(tally_.duplicated),
                 FigureUnit::count, FigureGood::low});
  out.push_back({"reordered", "out of order", static_cast<double>(tally_.reordered),
                 FigureUnit::count, FigureGood::low});
  if (refused_count() > 0)
    out.push_back({"refused", "refused by the broker", static_cast<double>(refused_count()),
                   FigureUnit::count, FigureGood::low});
  append_latency(out);
  append_server(out);
  return out;
}

void Traffic::append_latency(Figures& out) const {
  struct Row {
    double percent;
    const char* name;
    const char* label;
  };
  constexpr std::array rows{
      Row{50, "latency_p50_ns", "latency, 50 %"}, Row{90, "latency_p90_ns", "latency, 90 %"},
      Row{99, "latency_p99_ns", "latency, 99 %"}, Row{99.9, "latency_p999_ns", "latency, 99.9 %"}};
  for (const Row& row : rows)
    out.push_back({row.name, row.label, ns_of(latency_.at_percentile(row.percent)), FigureUnit::ns,
                   FigureGood::low});
  out.push_back({"latency_max_ns", "latency, the longest", ns_of(latency_.largest()),
                 FigureUnit::ns, FigureGood::low});
  if (plan().rate > 0)
    out.push_back({"sent_late_max_ns", "sent late, at most", ns_of(behind_), FigureUnit::ns,
                   FigureGood::neither});
}

void Traffic::append_server(Figures& out) const {
  const auto received = static_cast<double>(last_.received - first_.received);
  const double passed = ns_of(last_.time - first_.time);
  if (received <= 0 || passed <= 0) return;
  if (plan().server_process != 0) {
    const double cpu = ns_of(last_.server.cpu_time - first_.server.cpu_time);
    out.push_back({"server_cpu_ns", "server CPU for a message delivered", cpu / received,
                   FigureUnit::ns, FigureGood::low});
    out.push_back({"server_cores", "server, cores busy", cpu / passed, FigureUnit::share,
                   FigureGood::neither});
    out.push_back({"server_resident_bytes", "server memory",
                   static_cast<double>(last_.server.resident_bytes), FigureUnit::bytes,
                   FigureGood::low});
  }
  const double own = ns_of(last_.own_cpu - first_.own_cpu);
  out.push_back({"bench_cpu_ns", "this program's CPU for a message", own / received, FigureUnit::ns,
                 FigureGood::neither});
  out.push_back({"bench_cores", "this program, cores busy", own / passed, FigureUnit::share,
                 FigureGood::neither});
}

}  // namespace sluice::cli
