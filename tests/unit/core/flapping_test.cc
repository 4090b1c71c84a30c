// SPDX-License-Identifier: Apache-2.0
// Client identifiers that connect all the time.
#include "core/connection/flapping.h"

#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

using core::Flapping;
using std::chrono::minutes;
using std::chrono::seconds;

core::CoreOptions::Flapping limits(std::uint64_t connects, std::uint64_t entries = 100) {
  core::CoreOptions::Flapping options;
  options.connects_max = connects;
  options.entries_max = entries;
  return options;
}

TEST(CoreFlapping, AnIdentifierIsSpokenOfOnceInAWindow) {
  Flapping flapping;
  const auto options = limits(3);
  Instant now{};
  now = now + minutes(5);
  for (int window = 0; window < 3; ++window, now = now + minutes(1))
    for (int i = 0; i < 10; ++i)
      EXPECT_EQ(flapping.on_connect(7, options, now) == Flapping::Verdict::flaps, i == 3);
}

TEST(CoreFlapping, ABanEndsAndCountsAnewThen) {
  Flapping flapping;
  auto options = limits(1);
  options.ban_time = minutes(10);
  Instant now{};
  now = now + minutes(5);
  flapping.on_connect(7, options, now);
  EXPECT_EQ(flapping.on_connect(7, options, now), Flapping::Verdict::flaps);
  EXPECT_TRUE(flapping.ban(7, options, now));
  EXPECT_TRUE(flapping.is_banned(7, now + minutes(10) - seconds(1)));
  EXPECT_FALSE(flapping.is_banned(8, now));
  EXPECT_FALSE(flapping.is_banned(7, now + minutes(10)));
  EXPECT_EQ(flapping.on_connect(7, options, now + minutes(10)), Flapping::Verdict::calm);
}

TEST(CoreFlapping, NoMoreAreKeptOutThanMayBeAndThoseWhoseBanIsOverMakeRoom) {
  Flapping flapping;
  auto options = limits(1, 3);
  options.ban_time = minutes(10);
  Instant now{};
  now = now + minutes(5);
  for (std::uint64_t client = 0; client < 5; ++client)
    EXPECT_EQ(flapping.ban(client, options, now), client < 3);
  EXPECT_TRUE(flapping.is_banned(2, now));
  EXPECT_FALSE(flapping.is_banned(4, now));
  EXPECT_TRUE(flapping.ban(2, options, now)) << "it has its place";
  EXPECT_TRUE(flapping.ban(4, options, now + minutes(11)));
}

TEST(CoreFlapping, IdentifiersBeyondTheLimitAreNotCountedAndOldOnesMakeRoom) {
  Flapping flapping;
  const auto options = limits(1, 10);
  Instant now{};
  now = now + minutes(5);
  for (std::uint64_t client = 0; client < 50; ++client) flapping.on_connect(client, options, now);
  EXPECT_EQ(flapping.size(), 10U);
  flapping.on_connect(60, options, now);
  EXPECT_EQ(flapping.on_connect(60, options, now), Flapping::Verdict::calm);
  now = now + minutes(1);
  flapping.on_connect(60, options, now);
  EXPECT_EQ(flapping.size(), 1U);
  EXPECT_EQ(flapping.on_connect(60, options, now), Flapping::Verdict::flaps);
}

TEST(CoreFlapping, TwoDevicesOfOneIdentifierAreRefusedForAWhileWhereThatIsAskedFor) {
  for (const bool is_asked : {false, true}) {
    BrokerSetup setup{.shards = 2};
    setup.options.flapping.connects_max = 4;
    setup.options.flapping.ban_time = minutes(5);
    setup.options.flapping.ban_local = is_asked;
    InProcessBroker broker(setup);
    int refused = 0;
    for (int i = 0; i < 8; ++i) {
      RawClient& client = broker.open();
      client.send(Connect{.client_id = "twin"});
      if (client.take<Connack>().code == static_cast<std::uint8_t>(ReasonCode::banned)) ++refused;
    }
    EXPECT_EQ(refused, is_asked ? 3 : 0);
    RawClient& other = broker.open();
    other.send(Connect{.client_id = "other"});
    EXPECT_EQ(other.take<Connack>().code, 0);
    broker.advance(minutes(5) + seconds(1));
    RawClient& again = broker.open();
    again.send(Connect{.client_id = "twin"});
    EXPECT_EQ(again.take<Connack>().code, 0);
  }
}

}  // namespace
}  // namespace sluice::testing
