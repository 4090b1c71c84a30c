// SPDX-License-Identifier: Apache-2.0
//
// The URL of a SOCKS5 proxy; tests/e2e/cli_proxy_test.py talks to a real one.
#include "net/transport/socks/socks_transport.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::net {
namespace {

TEST(SocksUrl, NamesTheProxyAndWhoAsks) {
  const auto whole = parse_socks_url("socks5h://ann:se%40cret@proxy.example:9050");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->address, (HostPort{.host = "proxy.example", .port = 9050}));
  EXPECT_EQ(whole->user, "ann");
  EXPECT_EQ(whole->password, "se@cret");
  const auto brief = parse_socks_url("socks5://[::1]");
  ASSERT_TRUE(brief);
  EXPECT_EQ(brief->address, (HostPort{.host = "::1", .port = 1080}));
  EXPECT_FALSE(brief->user);
}

TEST(SocksUrl, WhatIsNoneIsRefused) {
  for (const std::string text : {"", "http://h", "socks5h://", "socks5h://a,b", "socks5h://h/path",
                                 "socks5h://h?a=b", "socks5h://h:port"}) {
    EXPECT_FALSE(parse_socks_url(text)) << text;
  }
  EXPECT_FALSE(parse_socks_url("socks5h://" + std::string(256, 'u') + ":p@h"));
}

}  // namespace
}  // namespace sluice::net
