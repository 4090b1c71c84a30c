// SPDX-License-Identifier: Apache-2.0
//
// A Link in a loop of the test's own, which turns until what is waited for is there.
#pragma once

#include "client/link.h"
#include "os/clock.h"
#include "tests/unit/client/scripted_server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <utility>

namespace sluice::client {

class LoopedLink : public ::testing::Test {
 protected:
  static constexpr std::uint64_t link_token = 1;
  static constexpr Duration patience = std::chrono::seconds(20);

  void TearDown() override { link_.reset(); }  // before those who are told by it

  /// `seen` lives as long as the test.
  void start(LinkOptions options, LinkEvents& seen) {
    link_ = std::make_unique<Link>(std::move(options), Link::Uses{.reactor = *reactor_,
                                                                  .token = link_token,
                                                                  .rng = rng_,
                                                                  .events = events_,
                                                                  .link_events = seen});
    link_->start(os::monotonic_now());
  }

  /// Turns the loop until `is_done`.
  template <class Condition>
  void run_until(Condition is_done) {
    const Instant end = os::monotonic_now() + patience;
    while (!is_done()) {
      ASSERT_LT(os::monotonic_now().ns, end.ns) << "not in time";
      for (const os::Ready& ready : reactor_->wait(std::chrono::milliseconds(1)))
        link_->on_ready(ready, os::monotonic_now());
      if (link_->next_deadline() <= os::monotonic_now()) link_->on_deadline(os::monotonic_now());
    }
  }

  std::unique_ptr<os::Reactor> reactor_ = *os::Reactor::create();
  Rng rng_{1};
  RecordedEvents events_;
  std::unique_ptr<Link> link_;
};

}  // namespace sluice::client
