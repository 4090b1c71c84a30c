// SPDX-License-Identifier: Apache-2.0
#include "auth/abuse/ban_list.h"

#include <gtest/gtest.h>

namespace sluice::auth {
namespace {

constexpr Instant start{1'000'000'000'000};
using Entry = BanList::Entry;

Peer v4(std::uint8_t last) {
  Peer peer{.kind = PeerKind::ipv4};
  peer.address = {192, 0, 2, last};
  return peer;
}

Peer v6(std::uint8_t network, std::uint8_t host) {
  Peer peer{.kind = PeerKind::ipv6};
  peer.address = {0x20, 1, 0xd, 0xb8, 0, 0, 0, network, 0, 0, 0, 0, 0, 0, 0, host};
  return peer;
}

Peer local() {
  Peer peer{.kind = PeerKind::ipv4};
  peer.address = {127, 0, 0, 1};
  return peer;
}

class Bans : public ::testing::Test {
 protected:
  void use() { list.use(options); }
  AuthOptions::Ban options;
  BanList list;
};

TEST_F(Bans, RepeatedFailuresBanAnAddressForAWhileAndNobodyElse) {
  options.failures_max = 3;
  options.time = 60s;
  use();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(list.on_connection(v4(1), start), Entry::granted);
    list.on_failure(v4(1), start);
  }
  EXPECT_EQ(list.on_connection(v4(1), start + 59s), Entry::banned);
  EXPECT_EQ(list.on_connection(v4(2), start), Entry::granted);
  EXPECT_EQ(list.on_connection(v4(1), start + 60s), Entry::granted);
  ASSERT_EQ(list.take_new().size(), 1U);
}

TEST_F(Bans, ANetworkOfIpv6IsOneAddress) {
  options.failures_max = 2;
  use();
  list.on_failure(v6(1, 1), start);
  list.on_failure(v6(1, 2), start);
  EXPECT_EQ(list.on_connection(v6(1, 3), start), Entry::banned);
  EXPECT_EQ(list.on_connection(v6(2, 1), start), Entry::granted);
  EXPECT_EQ(list.all(start).front().address, "2001:db8:0:1::/64");
}

TEST_F(Bans, ThisMachineIsNeverBannedUnlessAsked) {
  options.failures_max = 1;
  options.connections_max = 1;
  use();
  for (int i = 0; i < 5; ++i) {
    list.on_failure(local(), start);
    EXPECT_EQ(list.on_connection(local(), start), Entry::granted);
  }
  options.local = true;
  use();
  list.on_failure(local(), start);
  EXPECT_EQ(list.on_connection(local(), start), Entry::banned);
}

TEST_F(Bans, WhoConnectsAndLeavesAllTheTimeIsBanned) {
  options.connections_max = 10;
  use();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(list.on_connection(v4(1), start + i * 1s), Entry::granted);
  EXPECT_EQ(list.on_connection(v4(1), start + 11s), Entry::banned);
}

TEST_F(Bans, ARateOfConnectionsIsNoBan) {
  options.connections_per_s = 2;
  options.connections_burst = 5;
  use();
  int granted = 0;
  for (int i = 0; i < 50; ++i)
    granted += list.on_connection(v4(1), start) == Entry::granted ? 1 : 0;
  EXPECT_EQ(granted, 5);
  EXPECT_EQ(list.on_connection(v4(1), start), Entry::too_fast);
  EXPECT_EQ(list.on_connection(v4(1), start + 1s), Entry::granted);
  EXPECT_TRUE(list.all(start).empty());
}

TEST_F(Bans, TheListIsBoundedAndTheFirstToEndGoes) {
  options.entries_max = 2;
  use();
  list.add("192.0.2.1", BanList::Cause::by_hand, start + 10s);
  list.add("192.0.2.2", BanList::Cause::by_hand, start + 5s);
  list.add("192.0.2.3", BanList::Cause::by_hand, start + 20s);
  EXPECT_EQ(list.all(start).size(), 2U);
  EXPECT_FALSE(list.is_banned("192.0.2.2", start));
  EXPECT_TRUE(list.remove("192.0.2.1"));
  EXPECT_FALSE(list.remove("192.0.2.1"));
}

}  // namespace
}  // namespace sluice::auth
