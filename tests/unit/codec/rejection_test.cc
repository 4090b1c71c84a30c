// SPDX-License-Identifier: Apache-2.0
//
// One row for each way in which a packet breaks a rule: the statement, the packet, and the reason
// code that answers it.
#include "codec/codec.h"
#include "tests/support/wire.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace sluice::codec {
namespace {

constexpr auto v31 = Version::v3_1;
constexpr auto v311 = Version::v3_1_1;
constexpr auto v5 = Version::v5;
constexpr auto in = Direction::to_server;
constexpr auto out = Direction::to_client;

struct Violation {
  const char* name;
  Version version;
  Direction direction;
  const char* text;
  std::uint8_t reason;

  friend void PrintTo(const Violation& violation, std::ostream* stream) {
    *stream << violation.name;
  }
};

const Violation connect_violations[] = {
    {"MQTT3_1_5_3_1_client_id_not_utf8", v311, in, "10 @ s'MQTT' 04 02 0000 0002 C080", 0x81},
    {"MQTT3_1_5_3_2_client_id_with_nul", v311, in, "10 @ s'MQTT' 04 02 0000 0001 00", 0x81},
    {"MQTT3_3_1_2_1_name", v311, in, "10 @ s'MQTX' 04 02 0000 s'id'", 0x84},
    {"MQTT3_3_1_2_1_name_case", v311, in, "10 @ s'mqtt' 04 02 0000 s'id'", 0x84},
    {"MQTT3_3_1_2_1_name_empty", v311, in, "10 @ s'' 04 02 0000 s'id'", 0x84},
    {"MQTT3_3_1_2_2_level", v311, in, "10 @ s'MQTT' 06 02 0000 s'id'", 0x84},
    {"MQTT3_3_1_2_2_level_of_the_other_name", v311, in, "10 @ s'MQIsdp' 04 02 0000 s'id'", 0x84},
    {"MQTT5_3_1_2_2_bridge_bit", v5, in, "10 @ s'MQTT' 85 02 0000 [] s'id'", 0x84},
    {"MQTT3_3_1_2_3_reserved_flag", v311, in, "10 @ s'MQTT' 04 03 0000 s'id'", 0x81},
    {"MQTT5_3_1_2_3_reserved_flag", v5, in, "10 @ s'MQTT' 05 03 0000 [] s'id'", 0x81},
    {"MQTT3_3_1_2_9_will_missing", v311, in, "10 @ s'MQTT' 04 06 0000 s'id'", 0x81},
    {"MQTT3_3_1_2_9_will_message_missing", v311, in, "10 @ s'MQTT' 04 06 0000 s'id' s'w'", 0x81},
    {"MQTT5_3_1_2_9_will_properties_missing", v5, in, "10 @ s'MQTT' 05 06 0000 [] s'id'", 0x81},
    {"MQTT3_3_1_2_11_will_fields_without_flag", v311, in, "10 @ s'MQTT' 04 02 0000 s'id' s'w' s'm'",
     0x81},
    {"MQTT3_3_1_2_13_will_qos_without_will", v311, in, "10 @ s'MQTT' 04 0A 0000 s'id'", 0x81},
    {"MQTT5_3_1_2_11_will_qos_without_will", v5, in, "10 @ s'MQTT' 05 12 0000 [] s'id'", 0x81},
    {"MQTT3_3_1_2_14_will_qos_3", v311, in, "10 @ s'MQTT' 04 1E 0000 s'id' s'w' s'm'", 0x81},
    {"MQTT5_3_1_2_12_will_qos_3", v5, in, "10 @ s'MQTT' 05 1E 0000 [] s'id' [] s'w' s'm'", 0x81},
    {"MQTT3_3_1_2_15_will_retain_without_will", v311, in, "10 @ s'MQTT' 04 22 0000 s'id'", 0x81},
    {"MQTT5_3_1_2_13_will_retain_without_will", v5, in, "10 @ s'MQTT' 05 22 0000 [] s'id'", 0x81},
    {"MQTT3_3_1_2_18_user_name_without_flag", v311, in, "10 @ s'MQTT' 04 02 0000 s'id' s'u'", 0x81},
    {"MQTT3_3_1_2_19_user_name_missing", v311, in, "10 @ s'MQTT' 04 82 0000 s'id'", 0x81},
    {"MQTT5_3_1_2_17_user_name_missing", v5, in, "10 @ s'MQTT' 05 82 0000 [] s'id'", 0x81},
    {"MQTT3_3_1_2_21_password_missing", v311, in, "10 @ s'MQTT' 04 C2 0000 s'id' s'u'", 0x81},
    {"MQTT5_3_1_2_19_password_missing", v5, in, "10 @ s'MQTT' 05 C2 0000 [] s'id' s'u'", 0x81},
    {"MQTT3_3_1_2_22_password_alone", v311, in, "10 @ s'MQTT' 04 42 0000 s'id' s'p'", 0x81},
    {"v31_password_alone", v31, in, "10 @ s'MQIsdp' 03 42 0000 s'id' s'p'", 0x81},
    {"MQTT3_3_1_3_3_client_id_missing", v311, in, "10 @ s'MQTT' 04 02 0000", 0x81},
    {"MQTT3_3_1_3_8_empty_client_id_kept", v311, in, "10 @ s'MQTT' 04 00 0000 s''", 0x85},
    {"v31_empty_client_id", v31, in, "10 @ s'MQIsdp' 03 02 0000 s''", 0x85},
    {"MQTT3_3_1_3_10_will_topic_not_utf8", v311, in, "10 @ s'MQTT' 04 06 0000 s'id' 0001 FF s'm'",
     0x81},
    {"MQTT5_3_1_3_11_will_topic_surrogate", v5, in,
     "10 @ s'MQTT' 05 06 0000 [] s'id' [] 0003 EDA080 s'm'", 0x81},
    {"will_topic_with_wildcard", v5, in, "10 @ s'MQTT' 05 06 0000 [] s'id' [] s'#' s'm'", 0x81},
    {"will_topic_empty", v311, in, "10 @ s'MQTT' 04 06 0000 s'id' s'' s'm'", 0x81},
    {"MQTT3_3_1_3_11_user_name_not_utf8", v311, in, "10 @ s'MQTT' 04 82 0000 s'id' 0001 FF", 0x81},
    {"MQTT5_3_1_3_12_user_name_not_utf8", v5, in, "10 @ s'MQTT' 05 82 0000 [] s'id' 0001 FF", 0x81},
    {"authentication_data_without_method", v5, in, "10 @ s'MQTT' 05 02 0000 [ 16 s'data' ] s'id'",
     0x82},
    {"MQTT5_1_5_5_1_connect_length", v5, in, "10 8F00 s'MQTT' 05 02 0000 00 s'id'", 0x81},
    {"MQTT5_3_2_2_6_present_although_refused", v5, out, "20 @ 01 87 []", 0x82},
    {"MQTT3_3_2_2_4_present_although_refused", v311, out, "20 @ 01 05", 0x82},
    {"MQTT5_3_2_2_1_connack_flags", v5, out, "20 @ 02 00 []", 0x81},
    {"v311_connack_return_code", v311, out, "20 @ 00 06", 0x82},
    {"connack_authentication_data_without_method", v5, out, "20 @ 00 00 [ 16 s'd' ]", 0x82},
};

const Violation publish_violations[] = {
    {"MQTT3_3_3_1_4_qos_3", v311, in, "36 @ s'a' 0001", 0x81},
    {"MQTT5_3_3_1_4_qos_3", v5, in, "36 @ s'a' 0001 []", 0x81},
    {"MQTT3_3_3_1_2_dup_at_qos_0", v311, in, "38 @ s'a' 'x'", 0x81},
    {"MQTT5_3_3_1_2_dup_at_qos_0", v5, out, "38 @ s'a' [] 'x'", 0x81},
    {"MQTT3_2_3_1_1_packet_id_0", v311, in, "32 @ s'a' 0000", 0x82},
    {"MQTT5_2_2_1_3_packet_id_0", v5, in, "34 @ s'a' 0000 []", 0x82},
    {"packet_id_missing", v311, in, "32 @ s'a'", 0x81},
    {"packet_id_cut", v311, in, "32 @ s'a' 00", 0x81},
    {"MQTT3_3_3_2_1_topic_missing", v311, in, "30 @", 0x81},
    {"MQTT3_3_3_2_1_topic_cut", v311, in, "30 @ 0005 'a/b'", 0x81},
    {"MQTT3_3_3_2_1_topic_not_utf8", v311, in, "30 @ 0003 61C328", 0x81},
    {"MQTT5_3_3_2_1_topic_surrogate", v5, in, "30 @ 0003 EDBFBF []", 0x81},
    {"MQTT3_3_3_2_2_plus", v311, in, "30 @ s'a/+/b'", 0x81},
    {"MQTT3_3_3_2_2_hash", v311, in, "30 @ s'a/b#'", 0x81},
    {"MQTT5_3_3_2_2_hash_in_utf8", v5, in, "30 @ 0004 C3A42F23 []", 0x81},
    {"MQTT5_4_7_0_1_plus_in_a_long_topic", v5, in, "30 @ s'0123456789abcdef+123456' []", 0x81},
    {"MQTT3_4_7_3_1_topic_empty", v311, in, "30 @ s'' 'x'", 0x81},
    {"topic_empty_without_alias", v5, in, "30 @ s'' [] 'x'", 0x82},
    {"MQTT3_4_7_3_2_topic_with_nul", v311, in, "30 @ 0003 610062", 0x81},
    {"MQTT5_4_7_3_2_topic_with_nul", v5, in, "30 @ 0009 616263646566676800 []", 0x81},
    {"MQTT5_2_2_2_1_property_length_missing", v5, in, "30 @ s'a'", 0x81},
    {"property_length_beyond_the_packet", v5, in, "30 @ s'a' 05 01 00", 0x81},
    {"MQTT5_1_5_5_1_property_length", v5, in, "30 @ s'a' 8000", 0x81},
    {"MQTT5_3_3_2_8_topic_alias_0", v5, in, "30 @ s'a' [ 23 0000 ]", 0x94},
    {"MQTT5_3_3_4_6_subscription_identifier", v5, in, "30 @ s'a' [ 0B 01 ]", 0x82},
    {"MQTT5_3_3_2_14_response_topic_wildcard", v5, in, "30 @ s'a' [ 08 s'r/#' ]", 0x82},
};

const Violation subscribe_violations[] = {
    {"MQTT3_3_8_1_1_flags", v311, in, "80 @ 0001 s'a' 00", 0x81},
    {"MQTT5_3_8_1_1_flags", v5, in, "83 @ 0001 [] s'a' 00", 0x81},
    {"MQTT3_2_3_1_1_subscribe_packet_id_0", v311, in, "82 @ 0000 s'a' 00", 0x82},
    {"MQTT5_2_2_1_3_subscribe_packet_id_0", v5, in, "82 @ 0000 [] s'a' 00", 0x82},
    {"MQTT3_3_8_3_1_not_utf8", v311, in, "82 @ 0001 0001 80 00", 0x81},
    {"MQTT5_3_8_3_1_not_utf8", v5, in, "82 @ 0001 [] 0001 80 00", 0x81},
    {"MQTT3_3_8_3_3_no_filter", v311, in, "82 @ 0001", 0x82},
    {"MQTT5_3_8_3_2_no_filter", v5, in, "82 @ 0001 []", 0x82},
    {"MQTT3_3_8_3_4_qos_3", v311, in, "82 @ 0001 s'a' 03", 0x81},
    {"MQTT3_3_8_3_4_reserved_bits", v311, in, "82 @ 0001 s'a' 04", 0x81},
    {"v5_qos_3", v5, in, "82 @ 0001 [] s'a' 03", 0x82},
    {"v5_retain_handling_3", v5, in, "82 @ 0001 [] s'a' 30", 0x82},
    {"MQTT5_3_8_3_4_no_local_and_shared", v5, in, "82 @ 0001 [] s'$share/g/a' 04", 0x82},
    {"MQTT5_3_8_3_5_reserved_bit_6", v5, in, "82 @ 0001 [] s'a' 40", 0x81},
    {"MQTT5_3_8_3_5_reserved_bit_7", v5, in, "82 @ 0001 [] s'a' 80", 0x81},
    {"options_missing", v5, in, "82 @ 0001 [] s'a'", 0x81},
    {"second_filter_cut", v311, in, "82 @ 0001 s'a' 00 0004 'b'", 0x81},
    {"subscription_identifier_twice", v5, in, "82 @ 0001 [ 0B 01 0B 02 ] s'a' 00", 0x82},
    {"MQTT3_4_7_1_2_hash_not_last", v311, in, "82 @ 0001 s'a/#/b' 00", 0x81},
    {"MQTT3_4_7_1_2_hash_with_text", v311, in, "82 @ 0001 s'a/b#' 00", 0x81},
    {"MQTT5_4_7_1_1_hash_not_last", v5, in, "82 @ 0001 [] s'#/a' 00", 0x81},
    {"MQTT3_4_7_1_3_plus_with_text", v311, in, "82 @ 0001 s'a/b+' 00", 0x81},
    {"MQTT5_4_7_1_2_plus_with_text", v5, in, "82 @ 0001 [] s'+a' 00", 0x81},
    {"MQTT3_4_7_3_1_filter_empty", v311, in, "82 @ 0001 s'' 00", 0x81},
    {"MQTT5_4_8_2_1_share_name_empty", v5, in, "82 @ 0001 [] s'$share//a' 00", 0x82},
    {"MQTT5_4_8_2_2_share_name_wildcard", v5, in, "82 @ 0001 [] s'$share/+/a' 00", 0x82},
    {"MQTT5_4_8_2_2_share_without_filter", v5, in, "82 @ 0001 [] s'$share/g' 00", 0x82},
    {"MQTT5_4_8_2_2_share_filter_empty", v5, in, "82 @ 0001 [] s'$share/g/' 00", 0x82},
    {"MQTT3_3_10_1_1_flags", v311, in, "A0 @ 0001 s'a'", 0x81},
    {"MQTT5_3_10_1_1_flags", v5, in, "A0 @ 0001 [] s'a'", 0x81},
    {"MQTT3_3_10_3_1_not_utf8", v311, in, "A2 @ 0001 0001 80", 0x81},
    {"MQTT3_3_10_3_2_no_filter", v311, in, "A2 @ 0001", 0x82},
    {"MQTT5_3_10_3_2_no_filter", v5, in, "A2 @ 0001 []", 0x82},
    {"unsubscribe_packet_id_0", v311, in, "A2 @ 0000 s'a'", 0x82},
    {"unsubscribe_share_name_empty", v5, in, "A2 @ 0001 [] s'$share//a'", 0x82},
    {"MQTT3_3_9_3_2_suback_code", v311, out, "90 @ 0001 03", 0x82},
    {"v31_suback_failure", v31, out, "90 @ 0001 80", 0x82},
    {"MQTT5_3_9_3_2_suback_code", v5, out, "90 @ 0001 [] 11", 0x82},
    {"suback_without_codes", v311, out, "90 @ 0001", 0x81},
    {"MQTT5_3_11_3_2_unsuback_code", v5, out, "B0 @ 0001 [] 01", 0x82},
    {"unsuback_without_codes", v5, out, "B0 @ 0001 []", 0x81},
    {"v311_unsuback_with_codes", v311, out, "B0 @ 0001 00", 0x81},
};

const Violation other_violations[] = {
    {"type_0", v311, in, "00 @", 0x81},
    {"type_0_with_flags", v5, in, "0F @", 0x81},
    {"v311_auth", v311, in, "F0 @", 0x81},
    {"v31_auth", v31, out, "F0 @ 18", 0x81},
    {"MQTT3_3_6_1_1_pubrel_flags", v311, in, "60 @ 0001", 0x81},
    {"MQTT5_3_6_1_1_pubrel_flags", v5, in, "60 @ 0001", 0x81},
    {"puback_packet_id_0", v311, in, "40 @ 0000", 0x82},
    {"pubrel_packet_id_0", v5, in, "62 @ 0000", 0x82},
    {"puback_cut", v5, in, "40 @ 00", 0x81},
    {"v311_puback_with_reason", v311, in, "40 @ 0001 00", 0x81},
    {"MQTT5_3_4_2_1_puback_reason", v5, in, "40 @ 0001 92", 0x82},
    {"MQTT5_3_5_2_1_pubrec_reason", v5, in, "50 @ 0001 92", 0x82},
    {"MQTT5_3_6_2_1_pubrel_reason", v5, in, "62 @ 0001 10", 0x82},
    {"MQTT5_3_7_2_1_pubcomp_reason", v5, out, "70 @ 0001 80", 0x82},
    {"pingreq_with_body", v311, in, "C0 @ 00", 0x81},
    {"MQTT3_3_14_1_1_disconnect_flags", v311, in, "E1 @", 0x81},
    {"MQTT5_3_14_1_1_disconnect_flags", v5, in, "E1 @ 00", 0x81},
    {"MQTT5_3_14_2_1_disconnect_reason_of_a_server", v5, in, "E0 @ 8B", 0x82},
    {"MQTT5_3_14_2_1_disconnect_reason_of_a_client", v5, out, "E0 @ 04", 0x82},
    {"MQTT5_3_14_2_2_expiry_from_a_server", v5, out, "E0 @ 00 [ 11 00000001 ]", 0x82},
    {"v311_disconnect_with_body", v311, in, "E0 @ 00", 0x81},
    {"v311_disconnect_from_a_server", v311, out, "E0 @", 0x82},
    {"MQTT5_3_15_1_1_auth_flags", v5, in, "F2 @ 18 [ 15 s'M' ]", 0x81},
    {"MQTT5_3_15_2_1_auth_reason", v5, in, "F0 @ 1A [ 15 s'M' ]", 0x82},
    {"auth_success_from_a_client", v5, in, "F0 @", 0x82},
    {"auth_again_from_a_server", v5, out, "F0 @ 19 [ 15 s'M' ]", 0x82},
    {"auth_without_method", v5, in, "F0 @ 18 []", 0x82},
    {"auth_without_properties", v5, in, "F0 @ 18", 0x81},
    {"nothing", v311, in, "", 0x81},
    {"remaining_length_of_five_bytes", v311, in, "30 80808080 01", 0x81},
    {"MQTT5_1_5_5_1_remaining_length", v5, in, "C0 8000", 0x81},
};

class CodecViolation : public ::testing::TestWithParam<Violation> {};

TEST_P(CodecViolation, IsRefused) {
  const testing::Bytes bytes = testing::wire(GetParam().text);
  const auto packet = decode(bytes, GetParam().version, GetParam().direction, DecodeLimits{});
  ASSERT_FALSE(packet.has_value());
  const Error& error = packet.error();
  EXPECT_EQ(error.reason, GetParam().reason) << error.detail;
  EXPECT_NE(error.code, ErrorCode::ok);
  EXPECT_STRNE(error.detail, "");
  EXPECT_LE(error.offset, bytes.size()) << error.detail;
}

std::string name_of(const ::testing::TestParamInfo<Violation>& test) { return test.param.name; }
INSTANTIATE_TEST_SUITE_P(Connect, CodecViolation, ::testing::ValuesIn(connect_violations), name_of);
INSTANTIATE_TEST_SUITE_P(Publish, CodecViolation, ::testing::ValuesIn(publish_violations), name_of);
INSTANTIATE_TEST_SUITE_P(Subscribe, CodecViolation, ::testing::ValuesIn(subscribe_violations),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Other, CodecViolation, ::testing::ValuesIn(other_violations), name_of);

}  // namespace
}  // namespace sluice::codec
