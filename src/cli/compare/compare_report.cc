// SPDX-License-Identifier: Apache-2.0
#include "cli/compare/compare_report.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>

namespace sluice::cli {
namespace {

constexpr std::size_t first_columns = 38;
constexpr std::size_t way_columns = 17;

std::string decimal(double value, int digits) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return {text.data(), static_cast<std::size_t>(std::clamp(size, 0, 63))};
}

std::string right(std::string text, std::size_t columns) {
  return text.size() < columns ? std::string(columns - text.size(), ' ') + text : " " + text;
}

std::string left(std::string text, std::size_t columns) {
  text.resize(std::max(columns, text.size()), ' ');
  return text;
}

std::string bytes_text(double bytes) {
  if (bytes < 10'000) return decimal(bytes, 0) + " B";
  if (bytes < 10'000'000) return decimal(bytes / 1e3, 1) + " kB";
  return decimal(bytes / 1e6, 1) + " MB";
}

struct Row {
  std::string name;
  std::function<std::string(const Way&)> cell;
};

std::vector<Row> rows(const ComparePlan& plan) {
  const auto payload = static_cast<double>(plan.payload.size());
  return {
      {"bytes of headers, each message",
       [payload](const Way& way) { return decimal(way.payload_bytes - payload, 0); }},
      {"bytes on the wire, each message",
       [](const Way& way) { return decimal(way.wire_bytes, 0); }},
      {"packets, each message", [](const Way& way) { return decimal(way.packets, 1); }},
      {"round trips that it waits for",
       [](const Way& way) { return std::to_string(way.round_trips); }},
      {"processor time of the device, µs",
       [](const Way& way) { return decimal(way.device_us, 1); }},
      {"processor time of the server, µs",
       [](const Way& way) { return decimal(way.server_us, 1); }},
      {"a command reaches the device, ms",
       [](const Way& way) { return decimal(way.push_median_ms.value_or(0), 2); }},
      {"  the slowest of them, ms",
       [](const Way& way) { return decimal(way.push_worst_ms.value_or(0), 2); }},
      {"an idle hour, bytes on the wire",
       [](const Way& way) { return bytes_text(way.idle_hour_bytes); }},
      {"delivery assurance", [](const Way& way) { return way.assurance; }},
  };
}

std::string summary(const ComparePlan& plan, const std::vector<Way>& ways) {
  const Way& mqtt = ways.front();
  const Way& kept = ways[ways.size() - 2];
  const Way& each = ways.back();
  const auto payload = static_cast<double>(plan.payload.size());
  const std::string poll = std::to_string(plan.poll_interval / 1ms) + " ms";
  const std::array<std::array<std::string, 3>, 8> table{{
      {"Criteria", "MQTT", "HTTP"},
      {"Complexity", decimal(mqtt.payload_bytes - payload, 0) + " bytes around a message",
       decimal(each.payload_bytes - payload, 0) + " bytes around a message"},
      {"Energy", decimal(mqtt.packets, 1) + " packets, " + decimal(mqtt.device_us, 0) + " µs",
       decimal(each.packets, 1) + " packets, " + decimal(each.device_us, 0) + " µs"},
      {"Direction", "both: a command in " + decimal(mqtt.push_median_ms.value_or(0), 2) + " ms",
       "client asks: a command in " + decimal(kept.push_median_ms.value_or(0), 0) + " ms"},
      {"Architecture", "publish and subscribe", "request and response, every " + poll},
      {"Connection", "stays open: " + bytes_text(mqtt.idle_hour_bytes) + " an idle hour",
       "closes: " + bytes_text(each.idle_hour_bytes) + " an idle hour"},
      {"Delivery assurance",
       "QoS 0, 1, 2: " + std::to_string(ways[1].round_trips) + " and " +
           std::to_string(ways[2].round_trips) + " round trips",
       "none of its own"},
      {"Header size", "2 bytes, and the topic: " + std::to_string(plan.topic.size() + 4),
       decimal(kept.payload_bytes - payload, 0) + " both ways, kept open"},
  }};
  std::string out;
  for (const auto& row : table) {
    out += left(row[0], 21) + left(row[1], 37) + row[2] + "\n";
  }
  return out;
}

}  // namespace

std::string comparison_text(const ComparePlan& plan, const std::vector<Way>& ways) {
  std::string out = "The same telemetry over HTTP and over MQTT, on loopback: " +
                    std::to_string(plan.payload.size()) + " bytes to " + plan.topic + "\n\n" +
                    std::string(first_columns, ' ');
  for (const Way& way : ways) {
    out += right(way.name.substr(0, way.name.find(',')) + ",", way_columns);
  }
  out += "\n" + std::string(first_columns, ' ');
  for (const Way& way : ways) out += right(way.name.substr(way.name.find(',') + 2), way_columns);
  out += "\n";
  for (const Row& row : rows(plan)) {
    // µ is two bytes and one column.
    const std::size_t extra = row.name.find("µ") == std::string::npos ? 0 : 1;
    out += left(row.name, first_columns + extra);
    for (const Way& way : ways) out += right(row.cell(way), way_columns);
    out += "\n";
  }
  out += "\nEach message: " + std::to_string(plan.samples) + " messages, " +
         std::to_string(plan.interval / 1ms) +
         " ms apart, with their share of opening and closing the connection; TCP\nand IP counted "
         "by the kernel. Processor time: " +
         std::to_string(plan.messages) +
         " messages one behind another (at QoS 0 nothing is waited for); with MQTT that\nof the "
         "device has in it the service that subscribed. Commands: MQTT pushes them; HTTP asks "
         "every\n" +
         std::to_string(plan.poll_interval / 1ms) +
         " ms. An idle hour: these polls, or a ping each 60 s.\n\n";
  return out + summary(plan, ways);
}

std::string comparison_json(const ComparePlan& plan, const std::vector<Way>& ways) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Way& way : ways) {
    list.push_back({{"way", way.name},
                    {"header_bytes", way.payload_bytes - static_cast<double>(plan.payload.size())},
                    {"wire_bytes", way.wire_bytes},
                    {"packets", way.packets},
                    {"round_trips", way.round_trips},
                    {"device_cpu_us", way.device_us},
                    {"server_cpu_us", way.server_us},
                    {"push_median_ms", way.push_median_ms.value_or(0)},
                    {"push_worst_ms", way.push_worst_ms.value_or(0)},
                    {"idle_hour_bytes", way.idle_hour_bytes},
                    {"assurance", way.assurance}});
  }
  const nlohmann::ordered_json all{{"payload_bytes", plan.payload.size()},
                                   {"topic", plan.topic},
                                   {"poll_interval_ms", plan.poll_interval / 1ms},
                                   {"ways", list}};
  return all.dump() + "\n";
}

}  // namespace sluice::cli
