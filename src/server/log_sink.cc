// SPDX-License-Identifier: Apache-2.0
#include "server/log_sink.h"

#include "os/process/standard_streams.h"
#include "server/log_event.h"
#include "server/log_line.h"

#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <utility>

namespace sluice::server {
namespace {

using Format = ServerOptions::Logging::Format;

static_assert(static_cast<int>(ServerOptions::Logging::Level::error) ==
              static_cast<int>(LogLevel::error));

LogLevel level_of(const ServerOptions::Logging& options) {
  return static_cast<LogLevel>(options.level);
}

/// What stands before the line: local time for people, the first member in UTC for machines.
std::unique_ptr<spdlog::formatter> formatter_of(const ServerOptions::Logging& options) {
  using spdlog::pattern_time_type;
  const bool is_json = options.format == Format::json;
  const char* const pattern = is_json              ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v)"
                              : options.timestamps ? "%Y-%m-%dT%H:%M:%S %v"
                                                   : "%v";
  return std::make_unique<spdlog::pattern_formatter>(
      pattern, is_json ? pattern_time_type::utc : pattern_time_type::local, "\n");
}

spdlog::log_clock::time_point time_point(WallTime time) {
  return spdlog::log_clock::time_point(
      std::chrono::duration_cast<spdlog::log_clock::duration>(Duration(time.ns)));
}

}  // namespace

struct LogSink::Output {
  std::unique_ptr<spdlog::sinks::sink> sink;
  bool is_standard_error = false;

  bool has_room() const { return !is_standard_error || os::takes_bytes(os::StandardStream::error); }
  void put(WallTime now, const std::string& line) const {
    sink->log({time_point(now), spdlog::source_loc{}, "", spdlog::level::info, line});
  }
};

LogSink::LogSink(const ServerOptions::Logging& options, Clock clock, std::unique_ptr<Output> output)
    : options_(options),
      clock_(std::move(clock)),
      level_(level_of(options)),
      connection_messages_(options.connection_messages),
      limiter_(options.event_lines_max),
      output_(std::move(output)) {
  output_->sink->set_formatter(formatter_of(options));
}

LogSink::LogSink(const ServerOptions::Logging& options, Clock clock)
    : LogSink(options, std::move(clock),
              std::make_unique<Output>(std::make_unique<spdlog::sinks::stderr_sink_st>(),
                                       /*is_standard_error=*/true)) {}

LogSink::LogSink(const ServerOptions::Logging& options, Clock clock, std::ostream& out)
    : LogSink(options, std::move(clock),
              std::make_unique<Output>(
                  std::make_unique<spdlog::sinks::ostream_sink_st>(out, /*force_flush=*/true))) {}

LogSink::~LogSink() { write_suppressed(clock_(), LogLimiter::Which::all); }

bool LogSink::is_enabled(LogLevel level) const {
  return level >= level_.load(std::memory_order_relaxed);
}

void LogSink::reload(const ServerOptions::Logging& options) {
  level_.store(level_of(options), std::memory_order_relaxed);
  connection_messages_.store(options.connection_messages, std::memory_order_relaxed);
}

std::uint64_t LogSink::lines_suppressed() const {
  return lines_suppressed_.load(std::memory_order_relaxed);
}

void LogSink::write(LogLevel level, std::string_view event, Fields fields) {
  const WallTime now = clock_();
  write_suppressed(now, LogLimiter::Which::due);
  if (may_write(event, now)) put(now, level, event, fields);
}

bool LogSink::may_write(std::string_view event, WallTime now) {
  const LogEvent* const row = find_log_event(event);
  // An event without a row may be anybody's doing.
  const LogCause cause = row == nullptr ? LogCause::peer : row->cause;
  if (cause == LogCause::own) return true;
  if (cause == LogCause::connection && !connection_messages_.load(std::memory_order_relaxed)) {
    return false;
  }
  const os::MutexLock lock(mutex_);
  if (limiter_.allows(event, now)) return true;
  lines_suppressed_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

void LogSink::write_suppressed() { write_suppressed(clock_(), LogLimiter::Which::due); }

void LogSink::write_suppressed(WallTime now, LogLimiter::Which which) {
  std::vector<LogLimiter::Suppressed> suppressed;
  {
    const os::MutexLock lock(mutex_);
    suppressed = limiter_.collect(which, now);
  }
  for (const auto& [name, lines] : suppressed) {
    put(now, LogLevel::warn, "log_lines_suppressed", {{"name", name}, {"count", lines}});
  }
}

std::string LogSink::line_of(LogLevel level, std::string_view event, Fields fields) const {
  if (options_.format != Format::json)
    return text_line(level, event, fields, options_.text_bytes_max);
  // The time is the first member; it brings the brace.
  return json_line(level, event, fields, options_.text_bytes_max).substr(1);
}

void LogSink::put(WallTime now, LogLevel level, std::string_view event, Fields fields) {
  const std::string line = line_of(level, event, fields);
  const os::MutexLock lock(mutex_);
  if (lines_unread_ > 0 && output_->has_room()) {
    const std::uint64_t count = std::exchange(lines_unread_, 0);
    output_->put(now, line_of(LogLevel::warn, "log_lines_unread", {{"count", count}}));
  }
  if (output_->has_room()) {
    output_->put(now, line);
    return;
  }
  ++lines_unread_;
  lines_suppressed_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace sluice::server
