// SPDX-License-Identifier: Apache-2.0
#include "cli/compare/measured_way.h"

#include "os/clock.h"
#include "os/process/standard_streams.h"
#include "os/reactor/reactor.h"

#include <algorithm>

namespace sluice::cli {
namespace {

Duration cpu_time(std::uint32_t process) {
  return os::process_cpu_time(process).value_or(Duration::zero());
}

double microseconds_each(Duration time, std::uint32_t messages) {
  return static_cast<double>(time.count()) / 1e3 / messages;
}

}  // namespace

CpuMeter::CpuMeter(const MeasuredServer& server)
    : server_(server.process),
      device_before_(cpu_time(os::process_id())),
      server_before_(cpu_time(server.process)) {}

void CpuMeter::stop(std::uint32_t messages, Way& way) const {
  way.device_us = microseconds_each(cpu_time(os::process_id()) - device_before_, messages);
  way.server_us = microseconds_each(cpu_time(server_) - server_before_, messages);
}

void pause_for(Duration duration) {
  if (auto reactor = os::Reactor::create()) (*reactor)->wait(duration);
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace sluice::cli
