// SPDX-License-Identifier: Apache-2.0
//
// LogEvent is a row of log_events.def: what a person reads for an event, and who can cause it.
//
// Thread: any (constants).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::server {

enum class LogCause : std::uint8_t { own, peer, connection };

struct LogEvent {
  std::string_view name;
  LogCause cause;
  std::string_view sentence;
};

/// Sorted by name.
std::span<const LogEvent> log_events();

/// The row of that name, or nothing.
const LogEvent* find_log_event(std::string_view name);

/// What is written for an event whose field `cause` is a certain text.
struct LogEventIf {
  std::string_view name;
  std::string_view cause;
  std::string_view sentence;
};

std::span<const LogEventIf> log_events_if();

}  // namespace sluice::server
