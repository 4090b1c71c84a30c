// SPDX-License-Identifier: Apache-2.0
//
// LogSink is the Log of the running broker: lines of text or JSON to standard error, with the time,
// escaped, and limited where clients can cause them. spdlog stays in the .cc.
//
// Owner:   the composition root, before anything that logs.    Thread: any (its own mutex).
// Never:   waits for who reads the log: what the pipe has no room for is left out and counted.
// Limits:  log.text_bytes_max, log.event_lines_max.
#pragma once

#include "base/log.h"
#include "base/time.h"
#include "os/mutex.h"
#include "server/log_limiter.h"
#include "server/options.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string_view>

namespace sluice::server {

class LogSink final : public Log {
 public:
  using Clock = std::function<WallTime()>;

  /// To standard error.
  LogSink(const ServerOptions::Logging& options, Clock clock);
  /// To a stream, which outlives the sink.
  LogSink(const ServerOptions::Logging& options, Clock clock, std::ostream& out);
  ~LogSink() override;

  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;

  bool is_enabled(LogLevel level) const override;
  void write(LogLevel level, std::string_view event, Fields fields) override;

  /// Takes over log.level and log.connection_messages.
  void reload(const ServerOptions::Logging& options);

  /// Writes how many lines were left out, if any; write() does it too. For a timer of some seconds,
  /// so that the count appears even when nothing else is logged.
  void write_suppressed();

  /// Lines left out since the start, for the metric.
  std::uint64_t lines_suppressed() const;

 private:
  struct Output;
  LogSink(const ServerOptions::Logging& options, Clock clock, std::unique_ptr<Output> output);

  bool may_write(std::string_view event, WallTime now);
  void write_suppressed(WallTime now, LogLimiter::Which which);
  void put(WallTime now, LogLevel level, std::string_view event, Fields fields);
  std::string line_of(LogLevel level, std::string_view event, Fields fields) const;

  const ServerOptions::Logging options_;
  const Clock clock_;
  std::atomic<LogLevel> level_;
  std::atomic<bool> connection_messages_;
  std::atomic<std::uint64_t> lines_suppressed_{0};
  os::Mutex mutex_;
  LogLimiter limiter_ SLUICE_GUARDED_BY(mutex_);
  std::uint64_t lines_unread_ SLUICE_GUARDED_BY(mutex_) = 0;  // left out for want of room
  std::unique_ptr<Output> output_;
};

}  // namespace sluice::server
