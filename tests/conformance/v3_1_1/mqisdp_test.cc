// SPDX-License-Identifier: Apache-2.0
// MQTT 3.1, protocol name MQIsdp and level 3, where it differs from 3.1.1.
#include "tests/conformance/pair.h"

namespace sluice::testing {
namespace {

constexpr auto v31 = Version::v3_1;
using Mqtt31 = Pair<v31>;

TEST(Mqtt31Raw, RULE31_name_and_level_belong_together) {
  expect_refused("10 @ s'MQIsdp' 04 02 0000 s'a'", Version::v3_1_1, 1);
  expect_refused("10 @ s'MQTT' 03 02 0000 s'a'", Version::v3_1_1, 1);
  Broker broker;
  Client& client = broker.open();
  client.set_version(v31);
  client.send_bytes(wire("10 @ s'MQIsdp' 03 02 0000 s'a'"));
  client.expect(Connack{});
}

TEST(Mqtt31Raw, RULE31_client_id_empty_is_refused) {
  expect_refused("10 @ s'MQIsdp' 03 02 0000 0000", v31, 2);
}

TEST_F(Mqtt31, RULE31_client_id_long_is_taken) {
  Client& client = connect(std::string(100, 'x'));
  client.send(Pingreq{});
  client.expect(Pingresp{});
}

TEST_F(Mqtt31, RULE31_session_present_is_0_although_there_is_one) {
  for (int i = 0; i < 2; ++i) {
    Client& client = broker_.open();
    client.send(Connect{.version = v31, .client_id = "s", .clean_start = false});
    EXPECT_FALSE(client.take<Connack>().session_present);
    if (i == 0) subscribe(client, {"t", qos_1});
    if (i == 0) client.cut();
    if (i == 1) {
      publish(client_, {.topic = "t", .qos = qos_1});
      client.expect(Publish{.topic = "t", .qos = qos_1});
    }
  }
}

TEST_F(Mqtt31, RULE31_no_failure_in_suback_but_what_was_asked) {
  client_.send(Subscribe{.packet_id = 1, .filters = {{"$share//t", qos_2}, {"t", qos_1}}});
  client_.expect(Suback{.packet_id = 1, .codes = {2, 1}});
  client_.send(Pingreq{});
  client_.expect(Pingresp{});
}

TEST(Mqtt31Raw, RULE31_absent_fields_at_the_end_of_connect_are_allowed) {
  Broker broker;
  for (const char* bytes :
       {"10 @ s'MQIsdp' 03 82 0000 s'a'", "10 @ s'MQIsdp' 03 C2 0000 s'a' s'u'"}) {
    Client& client = broker.open();
    client.set_version(v31);
    client.send_bytes(wire(bytes));
    client.expect(Connack{});
  }
}

TEST(Mqtt31Raw, RULE31_unused_bits_of_connect_are_taken) {
  Broker broker;
  for (const char* bytes : {"10 @ s'MQIsdp' 03 03 0000 s'a'", "1F @ s'MQIsdp' 03 02 0000 s'b'"}) {
    Client& client = broker.open();
    client.set_version(v31);
    client.send_bytes(wire(bytes));
    client.expect(Connack{});
  }
}

TEST_F(Mqtt31, RULE31_flows_are_those_of_the_versions_behind_it) {
  Connect connect{.version = v31, .client_id = "c"};
  connect.will = Will{.topic = "will", .payload = "gone", .retain = true};
  Client& client = broker_.connect(connect);
  subscribe(other_, {"#", qos_2});
  for (const Qos qos : {qos_0, qos_1, qos_2}) {
    publish(client_, {.topic = "t", .qos = qos});
    EXPECT_EQ(other_.take<Publish>().qos, qos);
  }
  client.cut();
  other_.expect(Publish{.topic = "will", .payload = "gone"});
  subscribe(client_, {"will"});
  client_.expect(Publish{.topic = "will", .payload = "gone", .retain = true});
}

}  // namespace
}  // namespace sluice::testing
