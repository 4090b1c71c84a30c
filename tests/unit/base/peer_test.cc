// SPDX-License-Identifier: Apache-2.0
#include "base/peer.h"

#include "base/rng.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

Peer ipv6(const char* text, std::uint16_t port) {
  Peer peer{.port = port, .kind = PeerKind::ipv6};
  EXPECT_EQ(::inet_pton(AF_INET6, text, peer.address.data()), 1) << text;
  return peer;
}

TEST(Peer, PrintsIpv4WithItsPort) {
  const Peer peer{.address = {127, 0, 0, 1}, .port = 1883, .kind = PeerKind::ipv4};
  EXPECT_EQ(to_string(peer), "127.0.0.1:1883");
  EXPECT_EQ(address_text(peer), "127.0.0.1");
}

TEST(Peer, PrintsIpv6AsTheStandardWritesIt) {
  for (const char* text : {"::", "::1", "2001:db8::1", "2001:db8:0:1:1:1:1:1", "1::", "1:0:0:2::",
                           "1:2:3:4:5:6:7:8", "fe80::1", "1:0:1::", "2001:0:0:1::1"})
    EXPECT_EQ(address_text(ipv6(text, 0)), text);
  EXPECT_EQ(to_string(ipv6("::1", 1883)), "[::1]:1883");
}

TEST(Peer, PrintsIpv6AsTheSystemDoes) {
  Rng rng(6);
  for (int i = 0; i < 10'000; ++i) {
    Peer peer{.kind = PeerKind::ipv6};
    for (std::size_t byte = 0; byte < 16; byte += 2)
      if (rng.chance(1, 2)) peer.address[byte + 1] = static_cast<std::uint8_t>(rng.below(256));
    peer.address[0] = 0x20;  // the system prints ::a.b.c.d in its own way
    std::array<char, INET6_ADDRSTRLEN> expected{};
    ::inet_ntop(AF_INET6, peer.address.data(), expected.data(), expected.size());
    ASSERT_EQ(address_text(peer), expected.data());
  }
}

TEST(Peer, PrintsWhatHasNoPortWithoutOne) {
  EXPECT_EQ(to_string({.id = 812, .kind = PeerKind::unix_socket}), "unix:812");
  EXPECT_EQ(to_string({.id = 3, .kind = PeerKind::memory}), "memory:3");
  EXPECT_EQ(to_string(Peer{}), "none");
}

TEST(Peer, KnowsWhatOnlyThisMachineCanReach) {
  EXPECT_TRUE((Peer{.address = {127, 9, 9, 9}, .kind = PeerKind::ipv4}).is_local());
  EXPECT_FALSE((Peer{.address = {10, 0, 0, 1}, .kind = PeerKind::ipv4}).is_local());
  EXPECT_TRUE(ipv6("::1", 0).is_local());
  EXPECT_FALSE(ipv6("::2", 0).is_local());
  EXPECT_TRUE((Peer{.kind = PeerKind::unix_socket}).is_local());
  EXPECT_FALSE(Peer{}.is_local());
}

}  // namespace
}  // namespace sluice
