// SPDX-License-Identifier: Apache-2.0
#include "codec/decode/context.h"
#include "codec/fault.h"

namespace sluice::codec {

Result<void> decode_body(ByteView body, const DecodeContext& context, Connack& out) {
  ByteReader reader(body);
  std::uint8_t flags = 0;
  if (!reader.take_byte(flags) || !reader.take_byte(out.code))
    return fail(malformed(reader.offset(), "the packet is cut short"));
  if (flags > 1)  // [MQTT5-3.2.2-1]
    return fail(malformed(0, "reserved connect acknowledge flags are set"));
  out.session_present = flags == 1;
  const bool is_known =
      context.is_v5() ? is_allowed(out.code, PacketType::connack, Direction::to_client)
                      : out.code <= static_cast<std::uint8_t>(ConnectReturnCode::not_authorized);
  if (!is_known)  // [MQTT5-3.2.2-8]
    return fail(protocol_fault(1, "the code may not stand in CONNACK"));
  if (out.session_present && out.code != 0)  // [MQTT5-3.2.2-6] [MQTT3-3.2.2-4]
    return fail(protocol_fault(0, "Session Present is set although the server refuses"));
  if (context.is_v5()) {
    SLUICE_TRY(out.properties, take_properties(reader, PacketType::connack, PropertyPlace::packet,
                                               context.limits));
    SLUICE_CHECK(check_authentication(out.properties, 3));
  }
  return check_end(reader);
}

}  // namespace sluice::codec
