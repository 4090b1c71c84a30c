// SPDX-License-Identifier: Apache-2.0
//
// Names that the system takes long to find, or does not find.
#include "tests/e2e/library/peer_process.h"
#include "tests/e2e/library/slow_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/client.hpp>

#include <string>

namespace sluice::e2e {
namespace {

using namespace std::chrono_literals;

TEST(LibraryNames, WhileTheSystemLooksForANameTheLoopServesItsOtherClients) {
  const BrokerProcess broker;
  loop shared;
  const std::string port = std::to_string(broker.port());
  client hasty{"mqtt://never.slow:" + port, {.connect_timeout = 50ms, .loop = &shared}};
  client slow{"mqtt://some.slow:" + port, {.loop = &shared}};
  auto found = slow.ready();
  client quick{broker.url(), {.loop = &shared}};
  for (int at = 0; at < 100; ++at) {
    ASSERT_TRUE(quick.publish("a", "x", {.qos = qos::at_least_once}).get_for(patience));
  }
  EXPECT_FALSE(found.is_done());
  for (;;) {
    const auto state = hasty.next_state().get_for(patience).value();
    const auto* why = std::get_if<disconnected>(&state);
    if (why == nullptr) continue;
    EXPECT_THAT(why->why.text, testing::HasSubstr("did not find the name in time"));
    break;
  }
  // Nobody waits for a name that is still looked for.
  EXPECT_TRUE(hasty.close().get_for(patience));
  EXPECT_GE(slow_names_waiting(), 2);
  answer_slow_names();
  EXPECT_TRUE(found.get_for(patience));
}

TEST(LibraryNames, UnknownNameIsToldAndTheNextHostTried) {
  const BrokerProcess broker;
  const std::string port = std::to_string(broker.port());
  client nowhere{"mqtt://no.such.host.invalid:" + port, {.reconnect = {.enabled = false}}};
  const auto why = nowhere.ready().get_for(patience).error();
  EXPECT_EQ(why.code, errc::unreachable);
  EXPECT_THAT(why.text, testing::HasSubstr("no.such.host.invalid"));
  client second{"mqtt://no.such.host.invalid:" + port + ",127.0.0.1:" + port};
  EXPECT_TRUE(second.ready().get_for(patience));
}

}  // namespace
}  // namespace sluice::e2e
