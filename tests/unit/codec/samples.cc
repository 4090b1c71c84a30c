// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/codec/samples.h"

namespace sluice::codec {
namespace {

constexpr auto v31 = Version::v3_1;
constexpr auto v311 = Version::v3_1_1;
constexpr auto v5 = Version::v5;
constexpr auto in = Direction::to_server;
constexpr auto out = Direction::to_client;

std::vector<Sample> v3_samples() {
  return {
      {"v31_connect", v31, in, "10 @ s'MQIsdp' 03 02 003C s'device'"},
      {"v31_connect_bridge", v31, in, "10 @ s'MQIsdp' 83 00 003C s'bridge'"},
      {"v31_connect_long_client_id", v31, in,
       "10 @ s'MQIsdp' 03 00 0000 s'longer-than-twenty-three-characters'"},
      {"v31_publish", v31, in, "30 @ s'a/b' 'hello'"},
      {"v31_suback", v31, out, "90 @ 0001 00 01 02"},
      {"v311_connect", v311, in, "10 @ s'MQTT' 04 02 000A s''"},
      {"v311_connect_everything", v311, in,
       "10 @ s'MQTT' 04 F6 FFFF s'id' s'will/topic' s'gone' s'user' s'secret'"},
      {"v311_connect_bridge", v311, in, "10 @ s'MQTT' 84 00 0000 s'bridge'"},
      {"v311_connect_will", v311, in, "10 @ s'MQTT' 04 0E 000A s'id' s'w' s''"},
      {"v311_connect_user", v311, in, "10 @ s'MQTT' 04 82 000A s'id' s'user'"},
      {"v311_connack", v311, out, "20 @ 00 00"},
      {"v311_connack_present", v311, out, "20 @ 01 00"},
      {"v311_connack_refused", v311, out, "20 @ 00 05"},
      {"v311_publish_qos_0", v311, in, "30 @ s'a/b' 'hello'"},
      {"v311_publish_empty", v311, out, "31 @ s'a/b'"},
      {"v311_publish_qos_1", v311, in, "3B @ s'a/b' 0001 'hello'"},
      {"v311_publish_qos_2", v311, out, "34 @ s'a/b' FFFF 'hello'"},
      {"v311_puback", v311, in, "40 @ 0001"},
      {"v311_pubrec", v311, out, "50 @ 0102"},
      {"v311_pubrel", v311, in, "62 @ 0001"},
      {"v311_pubcomp", v311, out, "70 @ FFFF"},
      {"v311_subscribe", v311, in, "82 @ 000A s'a/+/#' 00 s'#' 01 s'$share/x' 02"},
      {"v311_suback", v311, out, "90 @ 000A 00 01 02 80"},
      {"v311_unsubscribe", v311, in, "A2 @ 000A s'a/+/#' s'b'"},
      {"v311_unsuback", v311, out, "B0 @ 000A"},
      {"v311_pingreq", v311, in, "C0 @"},
      {"v311_pingresp", v311, out, "D0 @"},
      {"v311_disconnect", v311, in, "E0 @"},
  };
}

std::vector<Sample> v5_samples() {
  return {
      {"v5_connect", v5, in, "10 @ s'MQTT' 05 02 000A [] s''"},
      {"v5_connect_everything", v5, in,
       "10 @ s'MQTT' 05 F6 000A [ 11 0000000A 15 s'SCRAM' 16 s'data' 17 01 19 00 21 0005 22 000A"
       " 26 s'k' s'v' 26 s'k' s'' 27 00001000 ] s'id'"
       " [ 01 01 02 00000001 03 s'text' 08 s're/ply' 09 s'x' 18 00000005 26 s'a' s'b' ]"
       " s'will/topic' s'gone' s'user' s'secret'"},
      {"v5_connect_password_alone", v5, in, "10 @ s'MQTT' 05 40 0000 [] s'id' s'token'"},
      {"v5_connack", v5, out, "20 @ 00 00 []"},
      {"v5_connack_everything", v5, out,
       "20 @ 01 00 [ 11 00000010 21 0010 24 01 25 00 27 00010000 12 s'assigned' 22 0040 1F s'hi'"
       " 26 s'k' s'v' 28 01 29 00 2A 01 13 0020 1A s'r/i' 1C s'other' 15 s'SCRAM' 16 s'x' ]"},
      {"v5_connack_refused", v5, out, "20 @ 00 87 [ 1F s'no' ]"},
      {"v5_publish_qos_0", v5, in, "30 @ s'a/b' [] 'hello'"},
      {"v5_publish_alias", v5, in, "30 @ s'' [ 23 0001 ] 'hello'"},
      {"v5_publish_everything", v5, out,
       "3D @ s'a/b' 0007 [ 01 00 02 0000003C 23 0002 08 s'reply' 09 s'c' 26 s'k' s'v' 0B 05"
       " 0B FFFFFF7F 03 s'json' ] 'hello'"},
      {"v5_puback", v5, in, "40 @ 0001"},
      {"v5_puback_reason", v5, out, "40 @ 0001 10"},
      {"v5_puback_properties", v5, in, "40 @ 0001 87 [ 1F s'no' 26 s'k' s'v' ]"},
      {"v5_pubrec_reason", v5, in, "50 @ 0001 97"},
      {"v5_pubrec_properties", v5, in, "50 @ 0001 00 [ 1F s'why' ]"},
      {"v5_pubrel", v5, in, "62 @ 0001"},
      {"v5_pubrel_reason", v5, in, "62 @ 0001 92"},
      {"v5_pubcomp_reason", v5, out, "70 @ 0001 92"},
      {"v5_subscribe", v5, in, "82 @ 000A [] s'a/+' 00"},
      {"v5_subscribe_everything", v5, in,
       "82 @ 000A [ 0B 8001 26 s'k' s'v' ] s'a/+' 2E s'$share/g/#' 19 s'$SYS/#' 12"},
      {"v5_suback", v5, out, "90 @ 000A [ 1F s'x' ] 00 01 02 80 83 87 8F 91 97 9E A1 A2"},
      {"v5_unsubscribe", v5, in, "A2 @ 000A [ 26 s'k' s'v' ] s'a/+' s'$share/g/#'"},
      {"v5_unsuback", v5, out, "B0 @ 000A [] 00 11 80 83 87 8F 91"},
      {"v5_pingreq", v5, in, "C0 @"},
      {"v5_pingresp", v5, out, "D0 @"},
      {"v5_disconnect", v5, in, "E0 @"},
      {"v5_disconnect_will", v5, in, "E0 @ 04"},
      {"v5_disconnect_expiry", v5, in, "E0 @ 00 [ 11 0000000A 1F s'bye' 26 s'k' s'v' ]"},
      {"v5_disconnect_server", v5, out, "E0 @ 9D [ 1C s'other' ]"},
      {"v5_auth", v5, in, "F0 @ 18 [ 15 s'SCRAM' 16 s'data' ]"},
      {"v5_auth_again", v5, in, "F0 @ 19 [ 15 s'SCRAM' 1F s'x' 26 s'k' s'v' ]"},
      {"v5_auth_success", v5, out, "F0 @"},
  };
}

std::vector<Sample> make_samples() {
  auto all = v3_samples();
  const auto more = v5_samples();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = make_samples();
  return all;
}

}  // namespace sluice::codec
