// SPDX-License-Identifier: Apache-2.0
//
// A loop does the work of clients. Each client has one of its own unless it is given one: many
// clients may share a loop's thread, or a loop may be driven by the program's own loop.
//
//   sluice::loop shared;                                       // a thread of its own
//   sluice::client one{url, {.loop = &shared}}, two{url, {.loop = &shared}};
//
//   sluice::loop mine{sluice::loop::drive::by_caller};
//   poll({mine.fd(), POLLIN}, until(mine.deadline())); mine.process();
//
// Thread safety: all but process() and run() may be called on any thread. Lifetime: it must live
// when a client is made on it; clients that are left keep what they need of it.
#pragma once

#include <sluice/config.hpp>
#include <sluice/result.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace sluice {
SLUICE_NAMESPACE {
/// Does the work of clients.
class SLUICE_PUBLIC loop {
 public:
  /// Whose thread the work is done on.
  enum class drive : std::uint8_t {
    own_thread,  ///< a thread that the loop starts
    by_caller,   ///< whoever calls process(), run() or get()
  };

  /// Starts the thread, unless the caller drives. mqtt_error if the system has no descriptor or
  /// thread left.
  explicit loop(drive how = drive::own_thread) : body_(make(how).value()) {}
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;
  /// Waits for clients that are closing, and ends the thread.
  ~loop();

  /// A descriptor that is readable when process() has something to do.
  int fd() const noexcept;
  /// When process() is to be called at the latest, if at all.
  std::optional<std::chrono::steady_clock::time_point> deadline() const;
  /// Does what is to be done now; never waits. With drive::by_caller only, one thread at a time.
  void process();
  /// Waits for what is to be done and does it, until stop().
  void run();
  /// Makes run() return.
  void stop();
  /// Runs that on the loop, soon.
  void post(std::function<void()> work);

  /// @cond
  class body;
  body& get() const noexcept { return *body_; }
  /// @endcond

 private:
  static result<body*> make(drive how);
  body* body_;
};

}  // namespace v1
}  // namespace sluice
