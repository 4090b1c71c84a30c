// SPDX-License-Identifier: Apache-2.0
#include "net/url.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::net {
namespace {

BrokerUrl parse(std::string_view text) {
  auto url = parse_broker_url(text);
  EXPECT_TRUE(url.has_value()) << text << ": " << (url ? "" : url.error().detail);
  return url ? *url : BrokerUrl{};
}

Error error_of(std::string_view text) {
  const auto url = parse_broker_url(text);
  EXPECT_FALSE(url.has_value()) << text;
  return url ? Error{} : url.error();
}

TEST(BrokerUrl, GivesEachSchemeItsPort) {
  const std::pair<const char*, std::pair<Scheme, std::uint16_t>> rows[] = {
      {"mqtt://h", {Scheme::tcp, 1883}},  {"tcp://h", {Scheme::tcp, 1883}},
      {"mqtts://h", {Scheme::tls, 8883}}, {"ssl://h", {Scheme::tls, 8883}},
      {"tls://h", {Scheme::tls, 8883}},   {"ws://h", {Scheme::ws, 80}},
      {"WSS://h", {Scheme::wss, 443}},
  };
  for (const auto& [text, expected] : rows) {
    const BrokerUrl url = parse(text);
    EXPECT_EQ(url.scheme, expected.first) << text;
    ASSERT_EQ(url.hosts.size(), 1U);
    EXPECT_EQ(url.hosts[0], (HostPort{"h", expected.second})) << text;
  }
}

TEST(BrokerUrl, HasAllItsParts) {
  const BrokerUrl url = parse("ws://us%40er:p%3Aw:d@example.org:81/a%20path?k=v%26w&flag&=x");
  EXPECT_EQ(url.user, "us@er");
  EXPECT_EQ(url.password, "p:w:d");
  EXPECT_EQ(url.hosts[0], (HostPort{"example.org", 81}));
  EXPECT_EQ(url.path, "/a path");
  const std::vector<std::pair<std::string, std::string>> query{
      {"k", "v&w"}, {"flag", ""}, {"", "x"}};
  EXPECT_EQ(url.query, query);
}

TEST(BrokerUrl, TellsAnEmptyPasswordFromNone) {
  EXPECT_EQ(parse("mqtt://u:@h").password, "");
  EXPECT_FALSE(parse("mqtt://u@h").password.has_value());
  EXPECT_FALSE(parse("mqtt://h").user.has_value());
}

TEST(BrokerUrl, TakesSeveralHosts) {
  const BrokerUrl url = parse("mqtt://one,[::1]:99,three:5");
  ASSERT_EQ(url.hosts.size(), 3U);
  EXPECT_EQ(url.hosts[0], (HostPort{"one", 1883}));
  EXPECT_EQ(url.hosts[1], (HostPort{"::1", 99}));
  EXPECT_EQ(url.hosts[2], (HostPort{"three", 5}));
}

TEST(BrokerUrl, TakesThePathOfAUnixSocket) {
  EXPECT_EQ(parse("unix:///run/x%20y.sock").path, "/run/x y.sock");
  EXPECT_EQ(parse("unix:/run/x.sock").path, "/run/x.sock");
  EXPECT_EQ(parse("unix://relative.sock").path, "relative.sock");
}

TEST(BrokerUrl, SaysWhereItIsWrong) {
  EXPECT_EQ(error_of("mqtt://host:port").offset, 7U);
  EXPECT_EQ(error_of("mqtt://a,b:70000").offset, 9U);
  EXPECT_EQ(error_of("mqtt://h/%zz").offset, 9U);
  EXPECT_EQ(error_of("mqtt://h#x").offset, 8U);
  EXPECT_EQ(error_of("mqtt://h h").offset, 8U);
}

TEST(BrokerUrl, RefusesWhatIsNoBrokerUrl) {
  for (const char* text : {"", "host", "host:1883", "http://h", "mqtt:", "mqtt:h", "mqtt://",
                           "mqtt://:1883", "mqtt://u@", "mqtt://a,,b", "unix://", "mqtt://[::1",
                           "mqtt://[h]", "mqtt://h/%00", "mqtt://h/%4", "mqtt://h<"})
    EXPECT_EQ(error_of(text).code, ErrorCode::parse_error) << text;
}

TEST(BrokerUrl, HasLimits) {
  EXPECT_EQ(error_of("mqtt://" + std::string(4096, 'x')).offset, 4096U);
  std::string hosts = "mqtt://h";
  for (int i = 0; i < 15; ++i) hosts += ",h";
  EXPECT_EQ(parse(hosts).hosts.size(), 16U);
  EXPECT_STREQ(error_of(hosts + ",h").detail, "a URL has at most 16 hosts");
  std::string query = "mqtt://h?";
  for (int i = 0; i < 64; ++i) query += "k=v&";
  EXPECT_EQ(parse(query).query.size(), 64U);
  EXPECT_STREQ(error_of(query + "k=v").detail, "a URL has at most 64 query parameters");
}

TEST(BrokerUrl, ShowsNoSecrets) {
  EXPECT_EQ(without_secrets(parse("mqtts://user:secret@one,[::1]:5/p?token=x")),
            "mqtts://one:8883,[::1]:5/p");
  EXPECT_EQ(without_secrets(parse("unix:///run/x")), "unix:///run/x");
}

TEST(PercentDecode, UndoesEscapesOnly) {
  EXPECT_EQ(percent_decode("a%2Fb%2f+%25").value(), "a/b/+%");
  EXPECT_EQ(percent_decode("ab%").error().offset, 2U);
  EXPECT_EQ(percent_decode("ab%2").error().offset, 2U);
}

TEST(HostPort, ReadsWhatPeopleWrite) {
  EXPECT_EQ(parse_host_port("example.org").value(), (HostPort{"example.org", std::nullopt}));
  EXPECT_EQ(parse_host_port("10.0.0.1:1883").value(), (HostPort{"10.0.0.1", 1883}));
  EXPECT_EQ(parse_host_port("[::1]:1883").value(), (HostPort{"::1", 1883}));
  EXPECT_EQ(parse_host_port("[::1]").value(), (HostPort{"::1", std::nullopt}));
  EXPECT_EQ(parse_host_port("fe80::1%eth0").value(), (HostPort{"fe80::1%eth0", std::nullopt}));
  EXPECT_EQ(parse_host_port(":1883").value(), (HostPort{"", 1883}));
  EXPECT_EQ(parse_host_port("*:1883").value(), (HostPort{"", 1883}));
}

TEST(HostPort, RefusesWhatIsNone) {
  for (const char* text :
       {"", "h:", "h:x", "h:65536", "h:-1", "h: 1", "[::1]x", "[::1", "a b", "[]:1", "h/x"})
    EXPECT_EQ(parse_host_port(text).error().code, ErrorCode::parse_error) << text;
  EXPECT_FALSE(parse_host_port(std::string(256, 'h')).has_value());
}

TEST(HostPort, PrintsWhatItReads) {
  for (const char* text : {"h:1", "[::1]:5", "h"})
    EXPECT_EQ(to_string(parse_host_port(text).value()), text);
}

}  // namespace
}  // namespace sluice::net
