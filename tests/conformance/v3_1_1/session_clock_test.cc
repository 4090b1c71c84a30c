// SPDX-License-Identifier: Apache-2.0
// MQTT 3.1.1: what depends on the time, on a clock that the test moves.
#include "tests/conformance/pair.h"
#include "tests/support/in_process_broker.h"

namespace sluice::testing {
namespace {

using Mqtt3Clock = Pair<Version::v3_1_1, InProcessBroker>;

TEST_F(Mqtt3Clock, MQTT3_3_1_2_24_silence_for_one_and_a_half_keep_alives_closes) {
  Connect connect = three("c");
  connect.keep_alive_s = 10;
  Client& client = broker_.connect(connect);
  broker_.advance(14s);
  EXPECT_FALSE(client.is_closed());
  broker_.advance(2s);
  client.expect_closed();
}

TEST_F(Mqtt3Clock, RULE3_keep_alive_0_never_times_out) {
  broker_.advance(1000h);
  client_.send(Pingreq{});
  client_.expect(Pingresp{});
}

TEST_F(Mqtt3Clock, MQTT3_3_14_4_3_disconnect_discards_the_will_for_ever) {
  subscribe(other_, {"will"});
  Connect connect = three("c");
  connect.will = Will{.topic = "will"};
  Client& client = broker_.connect(connect);
  client.send(Disconnect{});
  client.expect_closed();
  broker_.advance(100s);
  other_.expect_nothing();
}

TEST_F(Mqtt3Clock, MQTT3_4_8_0_2_a_message_that_cannot_be_taken_closes_no_other_connection) {
  broker_.advance(1s);
  client_.send_bytes(wire("36 @ s't' 0001"));
  client_.expect_closed();
  other_.send(Pingreq{});
  other_.expect(Pingresp{});
}

}  // namespace
}  // namespace sluice::testing
