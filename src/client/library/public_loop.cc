// SPDX-License-Identifier: Apache-2.0
//
// The bodies behind sluice/loop.hpp.
#include "client/library/event_loop.h"
#include "client/library/settings.h"

#include <sluice/loop.hpp>

#include <utility>

namespace sluice {
SLUICE_NAMESPACE {
result<loop::body*> loop::make(drive how) {
  auto made = sluice::client::EventLoop::create(how);
  if (!made) return sluice::client::to_public(made.error());
  return static_cast<body*>(made->leak());
}

loop::~loop() {
  const auto going = os::Ref<body>::adopt(body_);
  if (!going->is_driven_by_caller()) going->end();
}

int loop::fd() const noexcept { return body_->fd(); }

std::optional<std::chrono::steady_clock::time_point> loop::deadline() const {
  const Instant next = body_->next_deadline();
  if (next.is_never()) return std::nullopt;
  return std::chrono::steady_clock::time_point(Duration(next.ns));
}

void loop::process() { body_->turn(Duration::zero()); }
void loop::run() { body_->run(); }
void loop::stop() { body_->stop(); }

void loop::post(std::function<void()> work) {
  body_->post([work = std::move(work)](Instant) { work(); });
}

}  // namespace v1
}  // namespace sluice
