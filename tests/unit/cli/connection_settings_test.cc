// SPDX-License-Identifier: Apache-2.0
#include "cli/mqtt/connection_settings.h"

#include "cli/commands/pub_flags.h"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

using client::CleanStart;
using client::FallBack;
using codec::PropertyId;
using codec::Version;
using Words = std::vector<std::string>;

Parsed<ConnectionSettings> settings(const Words& words, Personality personality,
                                    std::string_view environment_url = {}) {
  const auto flags = parse_flags(*pub_flags(), words);
  if (!flags) return std::unexpected(flags.error());
  return connection_settings(*flags, {"program", personality, words}, environment_url);
}
Parsed<ConnectionSettings> native(const Words& words, std::string_view environment_url = {}) {
  return settings(words, Personality::native, environment_url);
}
Parsed<ConnectionSettings> mosquitto(const Words& words) {
  return settings(words, Personality::mosquitto);
}

std::string place(const Parsed<ConnectionSettings>& parsed) {
  if (!parsed) return parsed.error().text;
  std::string out;
  for (const auto& endpoint : parsed->link.connector.endpoints) out += to_string(endpoint) + " ";
  return out;
}

TEST(ConnectionSettings, BrokerIsFoundByFlagUrlWordOrEnvironment) {
  EXPECT_EQ(place(native({})), "localhost:1883 ");
  EXPECT_EQ(place(native({"-h", "h", "-p", "7"})), "h:7 ");
  EXPECT_EQ(place(native({"-L", "mqtt://h:8/t"})), "h:8 ");
  EXPECT_EQ(place(native({"mqtt://h", "t"})), "h:1883 ");
  EXPECT_EQ(place(native({"t"}, "mqtt://e:9")), "e:9 ");
  EXPECT_EQ(place(native({"-h", "h"}, "mqtt://e:9")), "h:1883 ");
  EXPECT_EQ(place(native({"-p", "7"}, "mqtt://e:9")), "e:7 ");
  EXPECT_EQ(place(native({"--unix", "/s"})), "/s ");
  EXPECT_EQ(place(native({"mqtt://a,b:2"})), "a:1883 b:2 ");
}

TEST(ConnectionSettings, AServiceIsNamedByTheDomainAndByTls) {
  EXPECT_EQ(mosquitto({"-S", "-h", "example.org"})->service, "_mqtt._tcp.example.org");
  EXPECT_EQ(native({"-S"}, "mqtt://u@e:9")->service, "_mqtt._tcp");
  EXPECT_EQ(native({"--srv", "-h", "example.org", "--tls-use-os-certs"})->service,
            "_secure-mqtt._tcp.example.org");
  EXPECT_EQ(native({"-h", "h"})->service, "");
  for (const Words& more : {Words{"-p", "1883"}, {"-L", "mqtt://h"}, {"--ws"}, {"--unix", "/s"}}) {
    Words words{"-S"};
    words.insert(words.end(), more.begin(), more.end());
    const auto parsed = native(words);
    ASSERT_FALSE(parsed) << more.front();
    EXPECT_NE(parsed.error().text.find("-S"), std::string::npos) << parsed.error().text;
  }
}

TEST(ConnectionSettings, TopicOfAUrlIsTakenAsWritten) {
  const auto parsed = native({"-L", "mqtt://u:p@h/sensors/+/x%2F#"});
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->url_topic, "sensors/+/x%2F#");
  EXPECT_EQ(parsed->link.machine.user_name, "u");
  EXPECT_EQ(parsed->link.machine.password, "p");
}

TEST(ConnectionSettings, UrlsAndFlagsOfTlsMakeItATlsConnection) {
  const auto url = native({"mqtts://h/t"});
  ASSERT_TRUE(url) << url.error().text;
  EXPECT_EQ(url->link.connector.endpoints.front().scheme, net::Scheme::tls);
  EXPECT_TRUE(static_cast<bool>(url->link.connector.layers.tls));
  EXPECT_EQ(place(native({"--tls-use-os-certs"})), "localhost:8883 ");
  EXPECT_EQ(place(native({"wss://h/mqtt"})), "h:443 ");
  EXPECT_EQ(native({"ws://h/mqtt"})->link.connector.endpoints.front().path, "/mqtt");
}

TEST(ConnectionSettings, FlagsOfTlsAreNeverIgnored) {
  const auto error = [](const Words& words) {
    const auto parsed = native(words);
    return parsed ? std::string("taken") : parsed.error().text;
  };
  EXPECT_NE(error({"--insecure"}).find("asks for TLS"), std::string::npos);
  EXPECT_NE(error({"--tls-version", "tlsv1.3"}).find("asks for TLS"), std::string::npos);
  EXPECT_NE(error({"--unix", "/s", "--cafile", "x"}).find("asks for TLS"), std::string::npos);
  EXPECT_NE(error({"--cafile", "/nowhere.pem"}).find("/nowhere.pem"), std::string::npos);
  EXPECT_NE(error({"--cert", "x"}).find("--key"), std::string::npos);
  EXPECT_NE(error({"--psk", "00"}).find("--psk-identity"), std::string::npos);
  EXPECT_NE(error({"--tls-engine", "x"}).find("engines"), std::string::npos);
}

TEST(ConnectionSettings, AProxyIsTakenWholeOrRefused) {
  const auto through = [](const char* url) { return mosquitto({"-h", "b", "--proxy", url}); };
  const auto taken = through("socks5h://ann:secret@gate:9050");
  ASSERT_TRUE(taken) << taken.error().text;
  EXPECT_EQ(place(taken), "b:1883 ");
  const auto& proxy = taken->link.connector.layers.proxy;
  ASSERT_TRUE(proxy);
  EXPECT_EQ(proxy->address.host, "gate");
  EXPECT_EQ(proxy->address.port, 9050);
  EXPECT_EQ(proxy->user, "ann");
  EXPECT_EQ(proxy->password, "secret");
  EXPECT_EQ(through("socks5h://gate")->link.connector.layers.proxy->address.port, 1080);
  for (const char* wrong : {"http://gate", "socks5h://gate/path", "socks5h://a,b", "gate"}) {
    const auto refused = through(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_TRUE(refused.error().text.starts_with("--proxy: ")) << refused.error().text;
  }
}

TEST(ConnectionSettings, NativeSpeaksMqtt5WithFallBackAndMosquitto3_1_1) {
  const auto ours = native({});
  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->link.machine.version, Version::v5);
  EXPECT_EQ(ours->link.fall_back, FallBack::to_v3_1_1);
  const auto theirs = mosquitto({});
  ASSERT_TRUE(theirs);
  EXPECT_EQ(theirs->link.machine.version, Version::v3_1_1);
  EXPECT_EQ(theirs->link.fall_back, FallBack::never);
  EXPECT_EQ(theirs->link.machine.inflight_max, 20);
}

TEST(ConnectionSettings, VersionThatIsAskedForIsNotLeft) {
  for (const auto& [name, version] : {std::pair{"5", Version::v5},
                                      {"mqttv5", Version::v5},
                                      {"311", Version::v3_1_1},
                                      {"mqttv31", Version::v3_1}}) {
    const auto parsed = native({"-V", name});
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->link.machine.version, version);
    EXPECT_EQ(parsed->link.fall_back, FallBack::never);
  }
  EXPECT_FALSE(native({"-V", "4"}));
}

TEST(ConnectionSettings, PropertiesMakeItMqtt5) {
  const auto parsed = mosquitto({"-D", "connect", "receive-maximum", "7", "-D", "connect",
                                 "user-property", "a", "b", "-D", "publish", "content-type", "t"});
  ASSERT_TRUE(parsed) << parsed.error().text;
  EXPECT_EQ(parsed->link.machine.version, Version::v5);
  EXPECT_EQ(parsed->link.machine.receive_maximum, 7);
  const auto connect = codec::Properties::of_checked(parsed->link.machine.connect_properties);
  EXPECT_TRUE(connect.has(PropertyId::user_property));
  EXPECT_FALSE(connect.has(PropertyId::receive_maximum));
  EXPECT_EQ(parsed->properties.publish.view().text(PropertyId::content_type), "t");
  EXPECT_FALSE(mosquitto({"-V", "311", "-D", "publish", "content-type", "t"}));
}

TEST(ConnectionSettings, PropertiesAreCheckedByTheirTable) {
  const auto error = [](const Words& words) {
    const auto parsed = native(words);
    return parsed ? std::string() : parsed.error().text;
  };
  EXPECT_EQ(error({"-D", "publish", "foo", "1"}), "-D: there is no property 'foo'");
  EXPECT_EQ(error({"-D", "publish", "will-delay-interval", "1"}),
            "-D: will-delay-interval may not stand in publish");
  EXPECT_EQ(error({"-D", "publish", "topic-alias", "70000"}),
            "-D: topic-alias takes a number from 0 to 65535, not '70000'");
  EXPECT_NE(error({"-D", "auth", "user-property", "a", "b"}).find("connect, publish"),
            std::string::npos);
  EXPECT_FALSE(native({"-D", "publish", "topic-alias", "0"}));
  EXPECT_FALSE(
      native({"-D", "publish", "content-type", "a", "-D", "publish", "content-type", "b"}));
  EXPECT_FALSE(native({"-D", "publish", "subscription-identifier", "1"}));
}

TEST(ConnectionSettings, SessionThatIsKeptNeedsAClientId) {
  EXPECT_FALSE(native({"-c"}));
  EXPECT_FALSE(native({"-V", "5", "-x", "-1"}));
  const auto kept = native({"-c", "-i", "me"});
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->link.machine.clean_start, CleanStart::never);
  EXPECT_EQ(kept->link.machine.session_expiry_s, 0xFFFF'FFFFU);
  const auto short_lived = native({"-c", "-i", "me", "-x", "60"});
  ASSERT_TRUE(short_lived);
  EXPECT_EQ(short_lived->link.machine.session_expiry_s, 60U);
  EXPECT_FALSE(native({"-x", "soon"}));
}

TEST(ConnectionSettings, ClientIdsAreGivenPrefixedOrInvented) {
  EXPECT_FALSE(native({"-i", "a", "-I", "b"}));
  const auto prefixed = native({"-I", "b-"});
  ASSERT_TRUE(prefixed);
  EXPECT_TRUE(prefixed->link.machine.client_id.starts_with("b-"));
  EXPECT_GT(prefixed->link.machine.client_id.size(), 2U);
  const auto old = native({"-V", "31"});
  ASSERT_TRUE(old);
  EXPECT_EQ(old->link.machine.client_id.size(), 23U);
}

TEST(ConnectionSettings, WillIsWholeOrRefused) {
  EXPECT_FALSE(native({"--will-payload", "x"}));
  EXPECT_FALSE(native({"--will-retain"}));
  EXPECT_FALSE(native({"--will-topic", "a/#"}));
  EXPECT_TRUE(mosquitto({"--will-qos", "1"}));
  const auto parsed = native({"--will-topic", "w", "--will-payload", "bye", "--will-qos", "1",
                              "--will-retain", "-D", "will", "will-delay-interval", "3"});
  ASSERT_TRUE(parsed) << parsed.error().text;
  const auto& will = parsed->link.machine.will;
  ASSERT_TRUE(will);
  EXPECT_EQ(will->topic, "w");
  EXPECT_EQ(will->qos, codec::Qos::at_least_once);
  EXPECT_TRUE(will->retain);
  EXPECT_EQ(codec::Properties::of_checked(will->properties).number(PropertyId::will_delay_interval),
            3U);
}

TEST(ConnectionSettings, PasswordWithoutAUserNameNeedsMqtt5) {
  EXPECT_FALSE(mosquitto({"-P", "x"}));
  EXPECT_TRUE(native({"-P", "x"}));
}

TEST(ConnectionSettings, KeepAliveHasMosquittosBoundsUnderItsName) {
  EXPECT_FALSE(mosquitto({"-k", "3"}));
  EXPECT_FALSE(native({"-k", "65536"}));
  const auto parsed = native({"-k", "0"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->link.machine.keep_alive_s, 0);
}

}  // namespace
}  // namespace sluice::cli
