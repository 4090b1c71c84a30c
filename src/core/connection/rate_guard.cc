// SPDX-License-Identifier: Apache-2.0
#include "core/connection/rate_guard.h"

#include <algorithm>

namespace sluice::core {
namespace {

// Clients that wait are looked at together.
constexpr std::int64_t wake_step_ns = 10'000'000;

RateMeter::Limit limit_of(std::uint64_t per_s, std::uint64_t burst) {
  return {per_s, burst != 0 ? burst : per_s};
}
RateMeter::Limit messages_of(const CoreOptions::Client& client) {
  return limit_of(client.messages_per_s, client.messages_burst);
}
RateMeter::Limit bytes_of(const CoreOptions::Client& client) {
  return limit_of(client.bytes_per_s, client.bytes_burst);
}
RateMeter::Limit subscribes_of(const CoreOptions::Client& client) {
  return limit_of(client.subscribes_per_s, client.subscribes_burst);
}
RateMeter::Limit deliveries_of(const CoreOptions::Client& client) {
  return limit_of(client.deliveries_per_s, client.deliveries_burst);
}

ClientRates& rates_of(Connection& connection) {
  if (!connection.rates) connection.rates = std::make_unique<ClientRates>();
  return *connection.rates;
}

}  // namespace

void RateGuard::count(Connection& connection, codec::PacketType type, std::size_t bytes) {
  ClientRates& rates = rates_of(connection);
  const auto& client = c_.options.client;
  rates.bytes.take(bytes_of(client), bytes, c_.now);
  if (type == codec::PacketType::publish) rates.messages.take(messages_of(client), 1, c_.now);
  if (type == codec::PacketType::subscribe) rates.subscribes.take(subscribes_of(client), 1, c_.now);
}

bool RateGuard::is_ahead(Connection& connection) {
  const auto& client = c_.options.client;
  const ClientRates& rates = *connection.rates;
  const Instant messages = rates.messages.free_at(messages_of(client));
  const Instant bytes = rates.bytes.free_at(bytes_of(client));
  const Instant subscribes = rates.subscribes.free_at(subscribes_of(client));
  const Instant at = std::max({messages, bytes, subscribes});
  if (at <= c_.now) return false;
  if (!connection.is_waiting) {
    c_.metrics.limits_hit_client_messages_per_s += messages > c_.now ? 1U : 0U;
    c_.metrics.limits_hit_client_bytes_per_s += bytes > c_.now ? 1U : 0U;
    c_.metrics.limits_hit_client_subscribes_per_s += subscribes > c_.now ? 1U : 0U;
  }
  wake_at(connection, at);
  return true;
}

bool RateGuard::is_delivery_free(Connection& connection) const {
  return connection.rates == nullptr ||
         connection.rates->deliveries.free_at(deliveries_of(c_.options.client)) <= c_.now;
}

void RateGuard::count_delivery(Connection& connection) {
  rates_of(connection).deliveries.take(deliveries_of(c_.options.client), 1, c_.now);
}

void RateGuard::wake_for_delivery(Connection& connection) {
  wake_at(connection, rates_of(connection).deliveries.free_at(deliveries_of(c_.options.client)));
}

void RateGuard::wake_at(Connection& connection, Instant at) {
  ClientRates& rates = *connection.rates;
  if (!rates.wakes_at.is_never() && rates.wakes_at > c_.now) return;
  rates.wakes_at = Instant{(at.ns / wake_step_ns + 1) * wake_step_ns};
  c_.timers.add(rates.wakes_at, timer_rate, pack(connection.id));
}

}  // namespace sluice::core
