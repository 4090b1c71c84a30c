// SPDX-License-Identifier: Apache-2.0
//
// A MeasuredWay is one way for a device to send its telemetry, and to hear from the server: what it
// costs and how long it takes. HTTP and MQTT are each a few of them.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "cli/compare/exchange.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::cli {

struct ComparePlan {
  std::string topic = "sensors/floor3/temperature/hvac-7";
  std::string payload = "{\"temperature\": 21.5}";
  std::uint32_t samples = 30;      ///< messages with time between them: bytes and packets
  std::uint32_t messages = 2'000;  ///< messages one behind another: processor time
  std::uint32_t pushes = 20;
  Duration interval = 60ms;  ///< between samples; longer than an acknowledgement is delayed
  Duration poll_interval = 250ms;
};

struct Way {
  std::string name;
  double payload_bytes = 0;  ///< of the protocol, for each message, with its share of a connection
  double wire_bytes = 0;     ///< with TCP and IP
  double packets = 0;
  unsigned round_trips = 0;  ///< that the device waits for until the next message can go
  double device_us = 0;      ///< processor time for a message
  double server_us = 0;
  std::optional<double> push_median_ms{};  ///< from the server's side to the device
  std::optional<double> push_worst_ms{};
  double idle_hour_bytes = 0;  ///< on the wire, to hear of a command at once or at the next poll
  std::string assurance;
};

/// `port` and `process` are those of the server.
struct MeasuredServer {
  std::uint16_t port = 0;
  std::uint32_t process = 0;
};

Result<std::vector<Way>> measure_http(const ComparePlan& plan, const MeasuredServer& server);
Result<std::vector<Way>> measure_mqtt(const ComparePlan& plan, const MeasuredServer& server);

/// Processor time of this process and of the server between two calls, for each message.
class CpuMeter {
 public:
  explicit CpuMeter(const MeasuredServer& server);
  /// Writes device_us and server_us.
  void stop(std::uint32_t messages, Way& way) const;

 private:
  std::uint32_t server_;
  Duration device_before_;
  Duration server_before_;
};

/// Waits without reading a socket.
void pause_for(Duration duration);
double median(std::vector<double> values);

}  // namespace sluice::cli
