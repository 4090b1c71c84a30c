// SPDX-License-Identifier: Apache-2.0
//
// The bodies behind sluice/task.hpp.
#include "client/library/settings.h"
#include "os/process/signal_queue.h"
#include "os/reactor/reactor.h"
#include "os/reactor/wakeup.h"

#include <sluice/task.hpp>

#include <csignal>
#include <exception>
#include <memory>
#include <stop_token>
#include <utility>

namespace sluice {
SLUICE_NAMESPACE {
namespace detail {
namespace {
constexpr std::uint64_t signal_token = 1;
constexpr std::uint64_t end_token = 2;
}  // namespace

class runner::body {
 public:
  std::stop_source stop;
  std::unique_ptr<os::SignalQueue> signals;
  std::unique_ptr<os::Reactor> reactor;
  std::unique_ptr<os::Wakeup> end;
};

namespace {

Result<std::unique_ptr<os::Reactor>> watch(const os::Wakeup& end, const os::SignalQueue& signals) {
  SLUICE_TRY(auto reactor, os::Reactor::create());
  SLUICE_CHECK(reactor->add(end.fd(), end_token, os::Watch::edge));
  SLUICE_CHECK(reactor->add(signals.fd(), signal_token, os::Watch::level_read));
  return reactor;
}

}  // namespace

result<runner::body*> runner::make() {
  auto made = std::make_unique<body>();
  auto end = os::Wakeup::create();
  if (!end) return sluice::client::to_public(end.error());
  made->end = std::move(*end);
  auto signals = os::SignalQueue::create();
  if (!signals) return sluice::client::to_public(signals.error());
  made->signals = std::move(*signals);
  auto reactor = watch(*made->end, *made->signals);
  if (!reactor) return sluice::client::to_public(reactor.error());
  made->reactor = std::move(*reactor);
  return made.release();
}

runner::~runner() { std::unique_ptr<body>(body_).reset(); }

std::stop_token runner::stop() const { return body_->stop.get_token(); }

// The thread that waits may destroy all this as soon as the signal is there.
void runner::finish() noexcept { body_->end->signal(); }

int runner::wait() {
  int number = 0;
  for (;;) {
    for (const os::Ready& ready : body_->reactor->wait(Duration(-1))) {
      if (ready.token == end_token) {
        if (ready.readable) return number;
        continue;
      }
      while (const auto signal = body_->signals->next()) {
        if (*signal == os::Signal::hang_up) continue;
        number = *signal == os::Signal::interrupt ? SIGINT : SIGTERM;
        body_->stop.request_stop();
      }
    }
  }
}

int exit_status(int signal, std::exception_ptr failure) {
  if (!failure) return 0;
  try {
    std::rethrow_exception(failure);
  } catch (const mqtt_error& ended) {
    if (signal != 0 && ended.code() == errc::cancelled) return 128 + signal;
  } catch (...) {
    // Not ours to judge.
  }
  std::rethrow_exception(failure);
}

}  // namespace detail
}  // namespace v1
}  // namespace sluice
