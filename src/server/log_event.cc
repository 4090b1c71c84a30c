// SPDX-License-Identifier: Apache-2.0
#include "server/log_event.h"

#include <algorithm>

namespace sluice::server {
namespace {

constexpr LogEvent rows[] = {
#define SLUICE_LOG_EVENT(name, cause, sentence) LogEvent{#name, LogCause::cause, sentence},
#define SLUICE_LOG_EVENT_IF(name, cause, sentence)
#include "server/log_events.def"
#undef SLUICE_LOG_EVENT
#undef SLUICE_LOG_EVENT_IF
};

constexpr LogEventIf rows_if[] = {
#define SLUICE_LOG_EVENT(name, cause, sentence)
#define SLUICE_LOG_EVENT_IF(name, cause, sentence) LogEventIf{#name, cause, sentence},
#include "server/log_events.def"
#undef SLUICE_LOG_EVENT
#undef SLUICE_LOG_EVENT_IF
};
static_assert(std::ranges::is_sorted(rows, {}, &LogEvent::name));

}  // namespace

std::span<const LogEvent> log_events() { return rows; }

std::span<const LogEventIf> log_events_if() { return rows_if; }

const LogEvent* find_log_event(std::string_view name) {
  const auto* const found = std::ranges::lower_bound(rows, name, {}, &LogEvent::name);
  return found != std::end(rows) && found->name == name ? found : nullptr;
}

}  // namespace sluice::server
