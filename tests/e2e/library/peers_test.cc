// SPDX-License-Identifier: Apache-2.0
//
// The client on every wire it has, with this broker and with those of others.
#include "tests/e2e/library/peer_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/client.hpp>

#include <string>
#include <vector>

namespace sluice::e2e {
namespace {

using namespace std::chrono_literals;

struct Setting {
  Peer peer;
  Wire wire;
  sluice::version version;
};

std::string name_of(const testing::TestParamInfo<Setting>& info) {
  constexpr const char* peers[] = {"Sluice", "Mosquitto", "Nats"};
  constexpr const char* wires[] = {"OverTcp", "OverTls", "OverWebSocket", "OverWebSocketAndTls"};
  return std::string(peers[static_cast<int>(info.param.peer)]) +
         wires[static_cast<int>(info.param.wire)] +
         (info.param.version == sluice::version::v5 ? "In5" : "In311");
}

std::vector<Setting> all_settings() {
  std::vector<Setting> all;
  for (const Wire wire : {Wire::tcp, Wire::tls, Wire::web_socket, Wire::web_socket_tls}) {
    for (const Peer peer : {Peer::sluice, Peer::mosquitto}) {
      all.push_back({peer, wire, sluice::version::v5});
      all.push_back({peer, wire, sluice::version::v3_1_1});
    }
    all.push_back({Peer::nats, wire, sluice::version::v3_1_1});
  }
  return all;
}

class LibraryPeers : public ::testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    if (!has_peer(GetParam().peer)) GTEST_SKIP();
    broker_ = std::make_unique<BrokerProcess>(GetParam().peer, std::vector<std::string>{},
                                              GetParam().wire);
  }
  client_options options(const std::string& id) const {
    return {.version = GetParam().version,
            .client_id = id,
            .session_expiry = 1h,
            .clean_start = true,
            .tls = {.ca_file = broker_->certificate().certificate_file()},
            .ws_headers = headers(),
            .reconnect = {.first = 10ms, .max = 100ms}};
  }
  /// Brokers pass over what they do not know.
  http_headers headers() const {
    const Wire wire = GetParam().wire;
    if (wire != Wire::web_socket && wire != Wire::web_socket_tls) return {};
    return {{"Authorization", "Bearer x"}, {"X-Site", "7"}};
  }
  std::vector<qos> levels() const {
    if (GetParam().peer == Peer::nats) return {qos::at_most_once, qos::at_least_once};
    return {qos::at_most_once, qos::at_least_once, qos::exactly_once};
  }

  std::vector<std::size_t> sizes() const {
    // mosquitto 2.0.11 takes four seconds for 100 KiB over WebSocket, whoever sends them.
    const bool is_slow =
        GetParam().peer == Peer::mosquitto &&
        (GetParam().wire == Wire::web_socket || GetParam().wire == Wire::web_socket_tls);
    if (is_slow) return {0, 1, 125, 126, 4'096};
    return {0, 1, 125, 126, 4'096, 65'536, 1'000'000};
  }

  std::unique_ptr<BrokerProcess> broker_;
};

TEST_P(LibraryPeers, MessagesOfEverySizeAndQosArriveAsTheyWere) {
  client mq{broker_->url(), options("both")};
  EXPECT_TRUE(mq.ready().get_for(patience));
  auto stream = mq.subscribe("a/+", {.qos = levels().back()}).get_for(patience).value();
  for (const std::size_t bytes : sizes()) {
    for (const qos level : levels()) {
      const std::string payload(bytes, static_cast<char>('a' + bytes % 26));
      ASSERT_TRUE(mq.publish("a/b", payload, {.qos = level}).get_for(patience));
      const auto got = stream.next().get_for(patience).value();
      ASSERT_TRUE(got);
      EXPECT_EQ(got->qos, level);
      EXPECT_TRUE(got->text() == payload) << bytes << " bytes came as " << got->text().size();
    }
  }
}

TEST_P(LibraryPeers, ManyMessagesKeepTheirOrder) {
  constexpr int messages = 3'000;
  client mq{broker_->url(), options("publisher")};
  client other{broker_->url(), options("subscriber")};
  const qos level = levels().back();
  auto stream =
      other.subscribe("order", {.qos = level, .queue = messages}).get_for(patience).value();
  std::vector<operation<puback>> sent;
  for (int at = 0; at < messages; ++at) {
    sent.push_back(mq.publish("order", std::to_string(at), {.qos = level}));
  }
  for (auto& one : sent) EXPECT_TRUE(one.get_for(patience));
  for (int at = 0; at < messages; ++at) {
    const auto got = stream.next().get_for(patience).value();
    ASSERT_TRUE(got);
    ASSERT_EQ(got->text(), std::to_string(at));
  }
}

TEST_P(LibraryPeers, ClientComesBackWhenTheBrokerDoes) {
  client mq{broker_->url(), options("both")};
  auto stream = mq.subscribe("back").get_for(patience).value();
  broker_->kill();
  auto sent = mq.publish("back", "x", {.qos = qos::at_least_once});
  broker_->restart();
  EXPECT_TRUE(sent.get_for(patience));
  // The subscription is made again, before what is queued is sent.
  const auto got = stream.next().get_for(patience).value();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->text(), "x");
}

INSTANTIATE_TEST_SUITE_P(EveryWire, LibraryPeers, testing::ValuesIn(all_settings()), name_of);

class LibraryTls : public ::testing::TestWithParam<Wire> {
 protected:
  errc connect(const std::string& host, const tls_options& tls, std::string& text) const {
    const client mq{broker_.url(host), {.tls = tls, .reconnect = {.enabled = false}}};
    const auto ready = const_cast<client&>(mq).ready().get_for(patience);
    if (ready) return errc::ok;
    text = ready.error().text;
    return ready.error().code;
  }

  BrokerProcess broker_{Peer::sluice, {}, GetParam()};
  std::string trusted_ = broker_.certificate().certificate_file();
};

TEST_P(LibraryTls, ServerMustShowATrustedCertificateOfItsName) {
  const test::TestCertificate stranger("localhost");
  std::string text;
  EXPECT_EQ(connect("localhost", {.ca_file = trusted_}, text), errc::ok) << text;
  EXPECT_EQ(connect("127.0.0.1", {.ca_file = trusted_}, text), errc::ok) << text;
  EXPECT_EQ(connect("localhost", {.ca_file = stranger.certificate_file()}, text),
            errc::unreachable);
  EXPECT_THAT(text, testing::HasSubstr("certificate"));
  EXPECT_EQ(connect("localhost", {}, text), errc::unreachable);
  EXPECT_EQ(connect("127.0.0.1", {.ca_file = trusted_, .server_name = "other.example"}, text),
            errc::unreachable);
  EXPECT_THAT(text, testing::HasSubstr("name"));
  EXPECT_EQ(connect("127.0.0.1", {.insecure = true}, text), errc::ok) << text;
  EXPECT_EQ(connect("127.0.0.1", {.ca_file = "/nonexistent"}, text), errc::invalid_argument);
}

TEST_P(LibraryTls, CertificateThatIsNeverTrustedIsFatal) {
  const test::TestCertificate stranger("localhost");
  client mq{broker_.url(),
            {.tls = {.ca_file = stranger.certificate_file()}, .reconnect = {.first = 1ms}}};
  EXPECT_EQ(mq.ready().get_for(patience).error().code, errc::unreachable);
  const auto state = mq.state();
  ASSERT_TRUE(std::holds_alternative<fatal>(state));
  EXPECT_THAT(std::get<fatal>(state).why.text, testing::HasSubstr("certificate"));
}

INSTANTIATE_TEST_SUITE_P(EveryWire, LibraryTls, testing::Values(Wire::tls, Wire::web_socket_tls),
                         [](const auto& wire) {
                           return wire.param == Wire::tls ? "Mqtts" : "Wss";
                         });

}  // namespace
}  // namespace sluice::e2e
