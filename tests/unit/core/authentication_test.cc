// SPDX-License-Identifier: Apache-2.0
// Credentials that are checked by somebody outside: what waits, what goes on, who may have gone.
#include "tests/support/in_process_broker.h"
#include "tests/support/wire.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

core::AuthAnswer accepted(std::string user) {
  core::AuthAnswer answer;
  answer.code = ReasonCode::success;
  answer.principal.user = std::move(user);
  return answer;
}

core::AuthAnswer refused(ReasonCode reason) {
  core::AuthAnswer answer;
  answer.code = reason;
  return answer;
}

core::AuthAnswer challenge(std::string_view data) {
  core::AuthAnswer answer;
  answer.code = ReasonCode::continue_authentication;
  answer.data.assign(data.begin(), data.end());
  return answer;
}

class CoreAuthentication : public ::testing::Test {
 protected:
  CoreAuthentication() { broker.set_access({.is_authenticating = true}); }

  static Connect with_password(std::string client_id, Version version = Version::v5) {
    return {.version = version,
            .client_id = std::move(client_id),
            .user_name = "ann",
            .password = "secret"};
  }
  RawClient& connect_as(const std::string& user, Connect packet) {
    packet.user_name = user;
    packet.password = "x";
    RawClient& client = broker.open();
    client.send(packet);
    broker.answer_auth(broker.take_auth_request().conn, accepted(user));
    return client;
  }
  static Connect by_method(std::string_view data) {
    return {.client_id = "a",
            .props = Props()
                         .text(PropertyId::authentication_method, "M")
                         .binary(PropertyId::authentication_data, data)};
  }
  static Auth auth(ReasonCode reason, std::string_view data, std::string_view method = "M") {
    return {.reason = reason,
            .props = Props()
                         .text(PropertyId::authentication_method, method)
                         .binary(PropertyId::authentication_data, data)};
  }

  InProcessBroker broker;
};

TEST_F(CoreAuthentication, TheCheckerIsToldAllThatTheClientHasShown) {
  RawClient& client = broker.open();
  client.send(with_password("a"));
  client.expect_nothing();
  const core::AuthRequest request = broker.take_auth_request();
  EXPECT_EQ(request.client_id, "a");
  EXPECT_EQ(request.user_name, "ann");
  ASSERT_TRUE(request.password.has_value());
  EXPECT_EQ(request.password->text(), "secret");
  EXPECT_EQ(request.version, Version::v5);
  EXPECT_EQ(request.peer.kind, PeerKind::memory);
}

TEST_F(CoreAuthentication, AnAcceptedClientGetsItsConnack) {
  RawClient& client = broker.open();
  client.send(with_password("a"));
  broker.answer_auth(broker.take_auth_request().conn, accepted("ann"));
  client.expect(Connack{});
  client.send(Pingreq{});
  client.expect(Pingresp{});
}

TEST_F(CoreAuthentication, WhatCameBehindConnectIsDoneInOrderOnceItIsAccepted) {
  RawClient& listener = connect_as("l", {.client_id = "l"});
  listener.expect(Connack{});
  listener.send(Subscribe{.filters = {{"t"}}});
  listener.expect(Suback{.codes = {0}});
  RawClient& client = broker.open();
  Connect connect = with_password("a", Version::v3_1_1);
  connect.will = Will{.topic = "t", .payload = "will"};
  client.send(connect, Publish{.topic = "t", .payload = "1"});
  client.send(Publish{.topic = "t", .payload = "2"}, Disconnect{});
  listener.expect_nothing();
  broker.answer_auth(broker.take_auth_request().conn, accepted("ann"));
  client.expect(Connack{});
  client.expect_closed();
  listener.expect(Publish{.topic = "t", .payload = "1"});
  listener.expect(Publish{.topic = "t", .payload = "2"});
  listener.expect_nothing();  // DISCONNECT: no will
}

TEST_F(CoreAuthentication, NothingIsReadWhileTheAnswerIsAwaited) {
  RawClient& client = broker.open();
  client.send(with_password("a"), Pingreq{});
  const auto before = broker.metrics().bytes_received;
  for (int i = 0; i < 100; ++i) client.send(Publish{.topic = "t", .payload = "x"});
  EXPECT_EQ(broker.metrics().bytes_received, before);
}

TEST_F(CoreAuthentication, EachRefusalHasTheCodeOfItsVersion) {
  const struct {
    ReasonCode reason;
    std::uint8_t v3;
  } rows[] = {{ReasonCode::bad_user_name_or_password, 4},
              {ReasonCode::not_authorized, 5},
              {ReasonCode::server_unavailable, 3},
              {ReasonCode::server_busy, 3},
              {ReasonCode::banned, 5},
              {ReasonCode::connection_rate_exceeded, 3}};
  for (const auto& row : rows) {
    for (const Version version : {Version::v3_1, Version::v3_1_1, Version::v5}) {
      RawClient& client = broker.open();
      client.send(with_password("a", version));
      broker.answer_auth(broker.take_auth_request().conn, refused(row.reason));
      client.expect(Connack{.code = version == Version::v5 ? code(row.reason) : row.v3});
      client.expect_closed();
    }
  }
  EXPECT_EQ(broker.metrics().connects_refused_bad_user_name_or_password, 3U);
  EXPECT_EQ(broker.metrics().sessions, 0U);
}

TEST_F(CoreAuthentication, AnAnswerForAConnectionThatHasGoneChangesNothing) {
  RawClient& client = broker.open();
  client.send(with_password("a"));
  const core::ConnId conn = broker.take_auth_request().conn;
  client.cut();
  broker.answer_auth(conn, accepted("ann"));
  EXPECT_EQ(broker.metrics().sessions, 0U);
  EXPECT_EQ(broker.metrics().connections_open, 0U);
}

TEST_F(CoreAuthentication, NoAnswerWithinTheConnectTimeoutRefuses) {
  RawClient& client = broker.open();
  client.send(with_password("a"));
  const core::ConnId conn = broker.take_auth_request().conn;
  broker.advance(9s);
  EXPECT_FALSE(client.is_closed());
  broker.advance(2s);
  client.expect(Connack{.code = code(ReasonCode::server_unavailable)});
  client.expect_closed();
  broker.answer_auth(conn, accepted("ann"));
  EXPECT_EQ(broker.metrics().sessions, 0U);
}

TEST_F(CoreAuthentication, ASecondAnswerIsNotHeard) {
  RawClient& client = broker.open();
  client.send(with_password("a"));
  const core::ConnId conn = broker.take_auth_request().conn;
  broker.answer_auth(conn, accepted("ann"));
  client.expect(Connack{});
  broker.answer_auth(conn, refused(ReasonCode::not_authorized));
  EXPECT_FALSE(client.is_closed());
}

TEST_F(CoreAuthentication, WithoutCredentialsTheListenerDecides) {
  RawClient& anonymous = broker.open();
  anonymous.send(Connect{.client_id = "a"});
  anonymous.expect(Connack{});
  RawClient& refused_client = broker.open_without_anonymous();
  refused_client.send(Connect{.client_id = "b"});
  refused_client.expect(Connack{.code = code(ReasonCode::not_authorized)});
  RawClient& known = broker.open_without_anonymous();
  known.send(with_password("c"));
  broker.answer_auth(broker.take_auth_request().conn, accepted("ann"));
  known.expect(Connack{});
}

TEST_F(CoreAuthentication, TheKeepAliveClockBeginsWhenTheClientIsAccepted) {
  RawClient& client = broker.open();
  Connect connect = with_password("a");
  connect.keep_alive_s = 4;
  client.send(connect);
  broker.advance(8s);
  broker.answer_auth(broker.take_auth_request().conn, accepted("ann"));
  client.expect(Connack{});
  broker.advance(5s);
  EXPECT_FALSE(client.is_closed());
  broker.advance(2s);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(CoreAuthentication, AnotherUserCannotPushAClientOut) {
  RawClient& owner = connect_as("ann", {.client_id = "a"});
  owner.expect(Connack{});
  RawClient& thief = connect_as("eve", {.client_id = "a"});
  thief.expect(Connack{.code = code(ReasonCode::client_identifier_not_valid)});
  EXPECT_FALSE(owner.is_closed());
  RawClient& again = connect_as("ann", {.client_id = "a"});
  again.expect(Connack{});
  owner.expect_disconnect(ReasonCode::session_taken_over);
}

TEST_F(CoreAuthentication, AnotherUserDoesNotGetWhatWasKeptForTheFirst) {
  const Connect kept{.version = Version::v3_1_1, .client_id = "a", .clean_start = false};
  RawClient& owner = connect_as("ann", kept);
  owner.expect(Connack{});
  owner.send(Subscribe{.filters = {{"t", Qos::at_least_once}}}, Disconnect{});
  connect_as("bob", {.client_id = "b"})
      .send(Publish{.topic = "t", .qos = Qos::at_least_once, .packet_id = 1});
  RawClient& thief = connect_as("eve", kept);
  thief.expect(Connack{.session_present = false});
  thief.expect_nothing();
}

TEST_F(CoreAuthentication, MQTT5_4_12_0_2_and_5_a_method_is_an_exchange_of_auth_packets) {
  RawClient& client = broker.open();
  client.send(by_method("first"));
  core::AuthRequest request = broker.take_auth_request();
  EXPECT_EQ(request.method, "M");
  EXPECT_EQ(request.data.text(), "first");
  broker.answer_auth(request.conn, challenge("salt"));
  const auto challenged = client.take<Auth>();
  EXPECT_EQ(challenged.reason, ReasonCode::continue_authentication);
  EXPECT_EQ(challenged.props.text(PropertyId::authentication_method), "M");
  client.send(auth(ReasonCode::continue_authentication, "proof"), Pingreq{});
  request = broker.take_auth_request();
  EXPECT_EQ(request.step, core::AuthRequest::Step::go_on);
  EXPECT_EQ(request.data.text(), "proof");
  core::AuthAnswer answer = accepted("ann");
  answer.data = {'o', 'k'};
  broker.answer_auth(request.conn, std::move(answer));
  const auto connack = client.take<Connack>();
  EXPECT_EQ(connack.code, 0);
  EXPECT_EQ(connack.props.text(PropertyId::authentication_method), "M");
  EXPECT_EQ(as_text(connack.props.view().binary(PropertyId::authentication_data).value()), "ok");
  client.expect(Pingresp{});
}

TEST_F(CoreAuthentication, MQTT5_3_1_2_30_only_auth_may_stand_between_connect_and_connack) {
  RawClient& client = broker.open();
  client.send(by_method("first"));
  broker.answer_auth(broker.take_auth_request().conn, challenge("salt"));
  client.take<Auth>();
  client.send(Pingreq{});
  client.expect(Connack{.code = 0x82});
  client.expect_closed();
}

TEST_F(CoreAuthentication, AFaultWithoutACodeOfConnackIsToldAsAProtocolError) {
  RawClient& client = broker.open();
  client.send(by_method("first"));
  broker.answer_auth(broker.take_auth_request().conn, challenge("salt"));
  client.take<Auth>();
  client.send_bytes(wire("30 @ s'a' [ 23 0000 ]"));  // 0x94: Topic Alias invalid
  client.expect(Connack{.code = 0x82});
  client.expect_closed();
}

TEST_F(CoreAuthentication, MQTT5_4_12_0_5_a_changed_method_is_a_protocol_error) {
  RawClient& client = broker.open();
  client.send(by_method("first"));
  broker.answer_auth(broker.take_auth_request().conn, challenge("salt"));
  client.take<Auth>();
  client.send(auth(ReasonCode::continue_authentication, "proof", "N"));
  client.expect(Connack{.code = 0x82});
  client.expect_closed();
}

TEST_F(CoreAuthentication, MQTT5_4_12_1_1_and_2_re_authentication_lets_everything_else_go_on) {
  RawClient& client = broker.open();
  client.send(by_method("first"));
  broker.answer_auth(broker.take_auth_request().conn, accepted("ann"));
  client.take<Connack>();
  client.send(auth(ReasonCode::re_authenticate, "again"), Pingreq{});
  client.expect(Pingresp{});
  core::AuthRequest request = broker.take_auth_request();
  EXPECT_EQ(request.step, core::AuthRequest::Step::again);
  EXPECT_EQ(request.client_id, "a");
  broker.answer_auth(request.conn, accepted("ann"));
  EXPECT_EQ(client.take<Auth>().reason, ReasonCode::success);
  client.send(auth(ReasonCode::re_authenticate, "again"));
  broker.answer_auth(broker.take_auth_request().conn, refused(ReasonCode::not_authorized));
  client.expect_disconnect(ReasonCode::not_authorized);
}

TEST_F(CoreAuthentication, AnAuthOutOfTurnIsAProtocolError) {
  RawClient& client = broker.open();
  client.send(by_method("first"));
  broker.answer_auth(broker.take_auth_request().conn, accepted("ann"));
  client.take<Connack>();
  client.send(auth(ReasonCode::continue_authentication, "x"));
  client.expect_disconnect(ReasonCode::protocol_error);
}

TEST(CoreWithoutAuthentication, NobodyIsAsked) {
  InProcessBroker broker;
  RawClient& client = broker.open();
  client.send(Connect{.client_id = "a", .user_name = "ann", .password = "x"});
  client.expect(Connack{});
  EXPECT_TRUE(broker.driver().auth_requests().empty());
}

}  // namespace
}  // namespace sluice::testing
