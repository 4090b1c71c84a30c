// SPDX-License-Identifier: Apache-2.0
#include "cli/compare/measured_way.h"
#include "client/machine/client_machine.h"
#include "os/clock.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

namespace sluice::cli {
namespace {

/// A ClientMachine on an Exchange: waits for what it wants.
class MqttClient final : public client::NoClientEvents {
 public:
  static Result<std::unique_ptr<MqttClient>> open(std::uint16_t port, const std::string& id) {
    auto client = std::make_unique<MqttClient>(id);
    SLUICE_TRY(client->exchange_, Exchange::open(port));
    client->machine_.on_opened(os::monotonic_now());
    SLUICE_CHECK(client->flush());
    SLUICE_CHECK(client->wait([&client] { return client->machine_.is_connected(); }));
    return client;
  }
  explicit MqttClient(const std::string& id) : machine_(options(id), *this) {}

  Result<void> publish(const ComparePlan& plan, codec::Qos qos) {
    codec::Publish publish;
    publish.topic = plan.topic;
    publish.qos = qos;
    publish.payload = as_bytes(plan.payload);
    SLUICE_TRY(const codec::PacketId id, machine_.publish(publish, os::monotonic_now()));
    SLUICE_CHECK(flush());
    if (id == 0) return {};
    return wait([this] { return machine_.waiting() == 0; });
  }

  Result<void> subscribe(const std::string& filter) {
    std::array<std::uint8_t, 512> buffer{};
    codec::SubscribeFilterWriter writer(buffer);
    writer.add(filter);
    codec::Subscribe subscribe;
    SLUICE_TRY(subscribe.filters, writer.finish());
    SLUICE_TRY(const codec::PacketId id, machine_.subscribe(subscribe, os::monotonic_now()));
    static_cast<void>(id);
    SLUICE_CHECK(flush());
    return wait([this] { return machine_.waiting() == 0; });
  }

  Result<void> ping() {
    const std::uint64_t before = pongs_;
    SLUICE_CHECK(machine_.ping(os::monotonic_now()));
    SLUICE_CHECK(flush());
    return wait([this, before] { return pongs_ > before; });
  }

  Result<void> wait_for_messages(std::uint64_t count) {
    return wait([this, count] { return messages_ >= count; });
  }

  Result<WireCounts> close() {
    SLUICE_CHECK(machine_.disconnect({}, os::monotonic_now()));
    SLUICE_CHECK(flush());
    return exchange_->close();
  }
  Result<WireCounts> counts() const { return exchange_->counts(); }
  std::uint64_t messages() const { return messages_; }

 private:
  static client::MachineOptions options(const std::string& id) {
    client::MachineOptions options;
    options.client_id = id;
    return options;
  }

  void on_message(const client::Message&) override { ++messages_; }
  void on_pong() override { ++pongs_; }

  Result<void> flush() {
    const ByteView waiting = machine_.output();
    if (waiting.empty()) return {};
    SLUICE_CHECK(exchange_->send(waiting));
    machine_.consume(waiting.size());
    return {};
  }

  template <class Condition>
  Result<void> wait(Condition condition) {
    std::array<std::uint8_t, 65'536> part{};
    while (!condition()) {
      SLUICE_TRY(const std::size_t size, exchange_->receive(part, Exchange::patience));
      machine_.on_bytes(ByteView(part).first(size), os::monotonic_now());
      SLUICE_CHECK(flush());
    }
    return {};
  }

  client::ClientMachine machine_;
  std::unique_ptr<Exchange> exchange_;
  std::uint64_t messages_ = 0;
  std::uint64_t pongs_ = 0;
};

Result<void> measure_telemetry(const ComparePlan& plan, const MeasuredServer& server,
                               codec::Qos qos, Way& way) {
  SLUICE_TRY(auto spaced, MqttClient::open(server.port, "spaced"));
  for (std::uint32_t at = 0; at < plan.samples; ++at) {
    SLUICE_CHECK(spaced->publish(plan, qos));
    pause_for(plan.interval);
  }
  SLUICE_TRY(const WireCounts counts, spaced->close());
  way.payload_bytes = static_cast<double>(counts.payload) / plan.samples;
  way.wire_bytes = static_cast<double>(counts.bytes) / plan.samples;
  way.packets = static_cast<double>(counts.packets) / plan.samples;

  // As in HTTP the service has the message at the end: it subscribed.
  SLUICE_TRY(auto service, MqttClient::open(server.port, "service"));
  SLUICE_CHECK(service->subscribe(plan.topic));
  SLUICE_TRY(auto dense, MqttClient::open(server.port, "dense"));
  const CpuMeter meter(server);
  for (std::uint32_t at = 0; at < plan.messages; ++at) {
    SLUICE_CHECK(dense->publish(plan, qos));
    // The service reads along, or the broker would drop what it does not take.
    if (at % 100 == 99) SLUICE_CHECK(service->wait_for_messages(at + 1));
  }
  SLUICE_CHECK(service->wait_for_messages(plan.messages));
  meter.stop(plan.messages, way);
  SLUICE_TRY(const WireCounts device_end, dense->close());
  SLUICE_TRY(const WireCounts service_end, service->close());
  static_cast<void>(device_end);
  static_cast<void>(service_end);
  return {};
}

Result<void> measure_push(const ComparePlan& plan, const MeasuredServer& server, codec::Qos qos,
                          Way& way) {
  SLUICE_TRY(auto device, MqttClient::open(server.port, "device"));
  SLUICE_TRY(auto service, MqttClient::open(server.port, "service"));
  ComparePlan command = plan;
  command.topic = "commands/device";
  command.payload = "{\"command\": 1}";
  SLUICE_CHECK(device->subscribe(command.topic));
  std::vector<double> waits;
  for (std::uint32_t push = 0; push < plan.pushes; ++push) {
    const Instant sent_at = os::monotonic_now();
    SLUICE_CHECK(service->publish(command, qos));
    SLUICE_CHECK(device->wait_for_messages(push + 1));
    waits.push_back(static_cast<double>((os::monotonic_now() - sent_at).count()) / 1e6);
    pause_for(10ms);
  }
  way.push_median_ms = median(waits);
  way.push_worst_ms = *std::ranges::max_element(waits);
  pause_for(plan.interval);
  SLUICE_TRY(const WireCounts before, device->counts());
  SLUICE_CHECK(device->ping());
  pause_for(plan.interval);
  SLUICE_TRY(const WireCounts after, device->counts());
  constexpr double pings_each_hour = 60;
  way.idle_hour_bytes = static_cast<double>(after.bytes - before.bytes) * pings_each_hour;
  return {};
}

}  // namespace

Result<std::vector<Way>> measure_mqtt(const ComparePlan& plan, const MeasuredServer& server) {
  std::vector<Way> ways;
  for (const auto qos :
       {codec::Qos::at_most_once, codec::Qos::at_least_once, codec::Qos::exactly_once}) {
    Way way;
    way.name = "MQTT, QoS " + std::to_string(static_cast<unsigned>(qos));
    way.round_trips = static_cast<unsigned>(qos);
    way.assurance = qos == codec::Qos::at_most_once    ? "at most once"
                    : qos == codec::Qos::at_least_once ? "at least once"
                                                       : "exactly once";
    SLUICE_CHECK(measure_telemetry(plan, server, qos, way));
    SLUICE_CHECK(measure_push(plan, server, qos, way));
    ways.push_back(std::move(way));
  }
  return ways;
}

}  // namespace sluice::cli
