// SPDX-License-Identifier: Apache-2.0
#include "core/shard/sys_topics.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace sluice::core {
namespace {

std::uint64_t sum(std::span<const std::uint64_t> numbers) {
  std::uint64_t total = 0;
  for (const std::uint64_t n : numbers) total += n;
  return total;
}

std::string two_decimals(double value) {
  std::array<char, 64> text;
  const int size = std::snprintf(text.data(), text.size(), "%.2f", value);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

void SysTopics::put(std::string_view topic, std::string value) {
  std::string& last = last_[std::string(topic)];
  if (last == value) return;
  last = std::move(value);
  Routed routed{.topic = topic,
                .properties = {},
                .payload = as_bytes(last),
                .qos = codec::Qos::exactly_once,
                .retain = true,
                .received = c_.now};
  router_.publish(routed);
}

void SysTopics::put_load(std::string_view name, std::uint64_t total, double minutes_passed) {
  Load& load = loads_[std::string(name)];
  const double rate =
      minutes_passed > 0 ? static_cast<double>(total - load.last_total) / minutes_passed : 0;
  load.last_total = total;
  constexpr std::array<int, 3> spans{1, 5, 15};
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const double weight = std::exp(-minutes_passed / spans[i]);
    load.average[i] = rate + (load.average[i] - rate) * weight;
    std::string topic = "$SYS/broker/load/";
    topic += name;
    topic += "/" + std::to_string(spans[i]) + "min";
    put(topic, two_decimals(load.average[i]));
  }
}

void SysTopics::publish(const CoreMetrics& m, Duration uptime, std::string_view version) {
  const double minutes =
      last_run_.ns == 0 ? 0
                        : std::chrono::duration<double, std::ratio<60>>(c_.now - last_run_).count();
  last_run_ = c_.now;
  const auto number = [this](std::string_view topic, std::uint64_t value) {
    put(topic, std::to_string(value));
  };
  const std::uint64_t connected = m.connections_open;
  const std::uint64_t disconnected = m.sessions > connected ? m.sessions - connected : 0;
  clients_max_ = std::max(clients_max_, connected);
  const std::uint64_t published_in = sum(m.messages_received);
  const std::uint64_t published_out = sum(m.messages_sent);
  const std::uint64_t packets_in = sum(m.packets_received);
  const std::uint64_t packets_out = sum(m.packets_sent);

  put("$SYS/broker/version", "sluice " + std::string(version));
  put("$SYS/broker/uptime",
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(uptime).count()) +
          " seconds");
  number("$SYS/broker/clients/total", m.sessions);
  number("$SYS/broker/clients/connected", connected);
  number("$SYS/broker/clients/active", connected);
  number("$SYS/broker/clients/disconnected", disconnected);
  number("$SYS/broker/clients/inactive", disconnected);
  number("$SYS/broker/clients/maximum", clients_max_);
  number("$SYS/broker/clients/expired", m.sessions_expired);
  number("$SYS/broker/messages/received", packets_in);
  number("$SYS/broker/messages/sent", packets_out);
  number("$SYS/broker/messages/stored", m.stored_messages);
  number("$SYS/broker/messages/inflight", m.inflight_messages);
  number("$SYS/broker/store/messages/count", m.stored_messages);
  number("$SYS/broker/store/messages/bytes", m.stored_payload_bytes);
  number("$SYS/broker/retained messages/count", m.retained_messages);
  number("$SYS/broker/subscriptions/count", m.subscriptions);
  number("$SYS/broker/shared_subscriptions/count", m.subscriptions_shared);
  number("$SYS/broker/publish/messages/received", published_in);
  number("$SYS/broker/publish/messages/sent", published_out);
  const std::uint64_t dropped =
      m.messages_dropped_queue_messages_max + m.messages_dropped_queue_bytes_max +
      m.messages_dropped_write_buffer_full + m.messages_dropped_congestion;
  number("$SYS/broker/publish/messages/dropped", dropped);
  number("$SYS/broker/publish/bytes/received", m.payload_bytes_received);
  number("$SYS/broker/publish/bytes/sent", m.payload_bytes_sent);
  const std::uint64_t memory = c_.census.add(Counted::memory_bytes, 0);
  memory_max_ = std::max(memory_max_, memory);
  number("$SYS/broker/heap/current", memory);
  number("$SYS/broker/heap/maximum", memory_max_);
  number("$SYS/broker/bytes/received", m.bytes_received);
  number("$SYS/broker/bytes/sent", m.bytes_sent);
  put_load("messages/received", packets_in, minutes);
  put_load("messages/sent", packets_out, minutes);
  put_load("publish/dropped", dropped, minutes);
  put_load("publish/received", published_in, minutes);
  put_load("publish/sent", published_out, minutes);
  put_load("bytes/received", m.bytes_received, minutes);
  put_load("bytes/sent", m.bytes_sent, minutes);
  put_load("sockets", m.connections_accepted, minutes);
  put_load("connections", m.connects_accepted, minutes);
}

}  // namespace sluice::core
