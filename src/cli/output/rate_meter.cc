// SPDX-License-Identifier: Apache-2.0
#include "cli/output/rate_meter.h"

#include "cli/bench/figure.h"
#include "cli/output/shown_message.h"

#include <algorithm>
#include <utility>

namespace sluice::cli {
namespace {

double seconds_of(Duration time) {
  return std::max(1e-9, std::chrono::duration<double>(time).count());
}

std::string bytes_text(double bytes) { return figure_text(bytes, FigureUnit::bytes); }

}  // namespace

void RateMeter::append_line(WallTime time, Instant now, std::string& out) {
  const double seconds = seconds_of(now - std::exchange(tick_, now));
  const auto messages =
      static_cast<double>(messages_ - std::exchange(messages_before_, messages_)) / seconds;
  const auto bytes = static_cast<double>(bytes_ - std::exchange(bytes_before_, bytes_)) / seconds;
  out += local_time_text(time, "%T") + "  " + figure_text(messages, FigureUnit::count) +
         " messages/s  " + bytes_text(bytes) + "/s\n";
}

void RateMeter::append_count(std::string& out) {
  out += std::to_string(messages_ - std::exchange(messages_before_, messages_)) + "\n";
}

void RateMeter::append_total(Instant now, std::string& out) const {
  const std::string seconds = figure_text(seconds_of(now - start_) * 1e9, FigureUnit::ns);
  out += "total     " + std::to_string(messages_) + " messages  " +
         bytes_text(static_cast<double>(bytes_)) + " in " + seconds + "\n";
}

}  // namespace sluice::cli
