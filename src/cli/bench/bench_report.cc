// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/bench_report.h"

#include "cli/bench/traffic.h"
#include "cli/version.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace sluice::cli {
namespace {

// Text in a column of its own; the labels may not be longer.
constexpr std::size_t label_columns = 52;
constexpr std::size_t value_columns = 16;

bool is_counted(BenchMode mode) {
  return mode == BenchMode::subscriptions || mode == BenchMode::retained ||
         mode == BenchMode::queue;
}

std::string left(std::string_view text, std::size_t columns) {
  std::string out(text);
  if (out.size() < columns) out.append(columns - out.size(), ' ');
  return out;
}

std::string right(std::string_view text, std::size_t columns) {
  std::string out;
  if (text.size() < columns) out.append(columns - text.size(), ' ');
  return out.append(text);
}

std::string ratio_text(double ratio) {
  std::array<char, 32> text;
  const int size = std::snprintf(text.data(), text.size(), "%.3f", ratio);
  return {text.data(), static_cast<std::size_t>(std::max(size, 0))};
}

}  // namespace

std::string plan_line(const BenchPlan& plan) {
  std::string out = to_string(plan.mode);
  if (is_traffic(plan.mode)) {
    const TrafficShape shape = shape_of(plan);
    out += ": " + std::to_string(shape.sources) + " publishing, " +
           std::to_string(shape.receivers) + " subscribed";
  } else if (is_counted(plan.mode)) {
    out += ": " + figure_text(plan.count, FigureUnit::count);
  } else {
    out += ": " + figure_text(plan.clients, FigureUnit::count) + " clients";
  }
  out += ", QoS " + std::to_string(static_cast<unsigned>(plan.qos)) + ", " +
         std::to_string(plan.payload_bytes) + " B, " + codec::to_string(plan.version);
  if (!is_traffic(plan.mode)) return out;
  if (plan.rate > 0)
    return out + ", open loop of " + figure_text(plan.rate, FigureUnit::per_second);
  return out + ", closed loop, window " + std::to_string(plan.window);
}

std::string report_text(const Figures& figures) {
  std::string out;
  for (const Figure& figure : figures)
    out += "  " + left(figure.label, label_columns) +
           right(figure_text(figure.value, figure.unit), value_columns) + "\n";
  return out;
}

std::string report_json(const BenchPlan& plan, const Figures& figures) {
  nlohmann::ordered_json values;
  for (const Figure& figure : figures) values[figure.name] = figure.value;
  const nlohmann::ordered_json report{
      {"program", version_line()},
      {"mode", to_string(plan.mode)},
      {"mqtt", codec::to_string(plan.version)},
      {"qos", static_cast<unsigned>(plan.qos)},
      {"payload_bytes", plan.payload_bytes},
      {"clients", plan.clients},
      {"count", plan.count},
      {"window", plan.window},
      {"rate_per_s", plan.rate},
      {"time_s", static_cast<double>(plan.time.count()) / 1e9},
      {"figures", values},
  };
  return report.dump(2) + "\n";
}

std::expected<Figures, std::string> read_report(std::string_view json) {
  const auto report = nlohmann::json::parse(json, nullptr, false);
  if (!report.is_object() || !report.contains("figures") || !report["figures"].is_object())
    return std::unexpected("it is no report of `sluice bench --json`");
  Figures out;
  for (const auto& [name, value] : report["figures"].items()) {
    if (value.is_number()) out.push_back({.name = name, .label = {}, .value = value.get<double>()});
  }
  return out;
}

std::string comparison_text(const Figures& before, const Figures& figures) {
  std::string out = "  " + left("", label_columns) + right("then", value_columns) +
                    right("now", value_columns) + right("now / then", value_columns) + "\n";
  for (const Figure& figure : figures) {
    const auto old = std::ranges::find(before, figure.name, &Figure::name);
    if (old == before.end()) continue;
    out += "  " + left(figure.label, label_columns) +
           right(figure_text(old->value, figure.unit), value_columns) +
           right(figure_text(figure.value, figure.unit), value_columns);
    out += right(old->value != 0 ? ratio_text(figure.value / old->value) : "-", value_columns);
    const bool is_better = (figure.good == FigureGood::low && figure.value < old->value) ||
                           (figure.good == FigureGood::high && figure.value > old->value);
    const bool is_worse =
        figure.good != FigureGood::neither && !is_better && figure.value != old->value;
    out += is_better ? "  better" : is_worse ? "  worse" : "";
    out += "\n";
  }
  return out;
}

}  // namespace sluice::cli
