// SPDX-License-Identifier: Apache-2.0
//
// Log is what code above `os` says to the operator: an event name in snake_case past tense, then
// key-value pairs. Text or JSON, colours, rate limits and escaping of peer-supplied text are the
// sink's matter. Injected like the clock, so tests compare lines. Never pass payloads, passwords or
// tokens.
//
// Thread: a sink says whether it may be shared; the one of `server/` may.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace sluice {

/// error: someone must act. warn: handled but wrong. info: life of process, listener, client
/// connections. debug: life of a session in detail. trace: packets.
enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };

struct LogField {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double> value;

  constexpr LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  constexpr LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  template <class N>
    requires std::is_integral_v<N>
  constexpr LogField(std::string_view k, N n) : key(k), value(std::int64_t{0}) {
    if constexpr (std::is_signed_v<N>)
      value = static_cast<std::int64_t>(n);
    else
      value = static_cast<std::uint64_t>(n);
  }
  constexpr LogField(std::string_view k, double v) : key(k), value(v) {}
};

class Log {
 public:
  using Fields = std::initializer_list<LogField>;

  virtual ~Log() = default;
  /// Cheap; ask it before fields are built on a hot path.
  virtual bool is_enabled(LogLevel level) const = 0;
  virtual void write(LogLevel level, std::string_view event, Fields fields) = 0;

  void trace(std::string_view event, Fields fields = {}) { put(LogLevel::trace, event, fields); }
  void debug(std::string_view event, Fields fields = {}) { put(LogLevel::debug, event, fields); }
  void info(std::string_view event, Fields fields = {}) { put(LogLevel::info, event, fields); }
  void warn(std::string_view event, Fields fields = {}) { put(LogLevel::warn, event, fields); }
  void error(std::string_view event, Fields fields = {}) { put(LogLevel::error, event, fields); }

 private:
  void put(LogLevel level, std::string_view event, Fields fields) {
    if (is_enabled(level)) write(level, event, fields);
  }
};

/// Writes nothing.
class NullLog final : public Log {
 public:
  bool is_enabled(LogLevel) const override { return false; }
  void write(LogLevel, std::string_view, Fields) override {}
};

}  // namespace sluice
