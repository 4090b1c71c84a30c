// SPDX-License-Identifier: Apache-2.0
#include "core/shard/pressure.h"

namespace sluice::core {
namespace {

constexpr Duration look_interval = 100ms;

}  // namespace

Pressure::Outlook Pressure::look_closely(std::uint64_t all_bytes) {
  const bool was_full = c_.is_memory_full;
  c_.is_memory_full = note_memory(all_bytes);
  if (c_.is_memory_full && !was_full) c_.timers.add(c_.now + look_interval, timer_memory, 0);
  c_.is_memory_long_full = is_long(c_.is_memory_full, memory_full_since_);
  c_.is_mail_long_congested = is_long(!c_.is_alone() && c_.mailer.is_congested(), congested_since_);
  note_holding();
  return was_full && !c_.is_memory_full ? Outlook::better : Outlook::same;
}

void Pressure::note_holding() {
  c_.is_holding = c_.is_log_behind || c_.is_memory_full || c_.is_mail_long_congested;
}

Instant Pressure::next_look() const {
  return c_.is_memory_full ? c_.now + look_interval : Instant::never();
}

bool Pressure::note_memory(std::uint64_t all_bytes) {
  const auto max = static_cast<std::uint64_t>(c_.options.limits.memory_bytes_max);
  if (max == 0) return false;
  const bool is_full = all_bytes >= (c_.is_memory_full ? max - max / 8 : max);
  if (is_full == c_.is_memory_full) return is_full;
  if (is_full) {
    ++c_.metrics.limits_hit_memory_bytes_max;
    c_.log.warn("memory_limit_reached", {{"bytes", all_bytes}, {"limit", max}});
  } else {
    c_.log.info("memory_limit_left", {{"bytes", all_bytes}, {"limit", max}});
  }
  return is_full;
}

bool Pressure::is_long(bool is_so, Instant& since) const {
  if (!is_so) since = Instant::never();
  if (is_so && since.is_never()) since = c_.now;
  return is_so && c_.now - since >= Duration(c_.options.limits.congestion_grace);
}

}  // namespace sluice::core
