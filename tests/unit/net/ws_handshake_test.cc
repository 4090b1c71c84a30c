// SPDX-License-Identifier: Apache-2.0
#include "net/transport/ws/ws_handshake.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::net {
namespace {

Error error_of(const std::vector<WsHeader>& headers) {
  const auto good = check_ws_headers(headers);
  return good ? Error{} : good.error();
}

TEST(WsHandshake, OwnHeadersStandBehindThoseOfTheRequestInTheirOrder) {
  const std::string text = upgrade_request({.host = "broker.example:80",
                                            .path = {},
                                            .key = "AAAAAAAAAAAAAAAAAAAAAA==",
                                            .headers = {{"Authorization", "Bearer x"}, {"B", ""}}});
  EXPECT_EQ(text,
            "GET /mqtt HTTP/1.1\r\nHost: broker.example:80\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mqtt\r\n"
            "Authorization: Bearer x\r\nB: \r\n\r\n");
}

TEST(WsHandshake, EveryByteOfAHeaderIsAllowedOrRefused) {
  const std::string allowed = "!#$%&'*+-.^_`|~";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_name = is_letter || (c >= '0' && c <= '9') || (byte != 0 && allowed.contains(c));
    EXPECT_EQ(error_of({{std::string(1, c), "v"}}).code == ErrorCode::ok, is_name) << byte;
    const bool is_value = byte == '\t' || (byte >= 0x20 && byte != 0x7F);
    EXPECT_EQ(error_of({{"n", std::string(1, c)}}).code == ErrorCode::ok, is_value) << byte;
  }
}

TEST(WsHandshake, HeadersOfTheHandshakeItselfAreRefusedAtTheirPlace) {
  for (const char* name : {"Host", "upgrade", "CONNECTION", "Sec-WebSocket-Accept",
                           "sec-websocket-protocol", "Content-Length", "Transfer-Encoding"}) {
    const Error error = error_of({{"X-Fine", "1"}, {name, "x"}});
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << name;
    EXPECT_EQ(error.offset, 1U) << name;
  }
}

TEST(WsHandshake, HeadersAreBoundedInBytes) {
  const std::string most(ws_headers_bytes_max - 5, 'x');  // a name of one byte, and four around
  EXPECT_EQ(error_of({{"n", most}}).code, ErrorCode::ok);
  EXPECT_EQ(error_of({{"n", most + "x"}}).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of({{"n", most}, {"m", ""}}).offset, 1U);
}

}  // namespace
}  // namespace sluice::net
