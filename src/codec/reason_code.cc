// SPDX-License-Identifier: Apache-2.0
#include "codec/reason_code.h"

#include "codec/packet_set.h"

#include <array>

namespace sluice::codec {
namespace {

struct Row {
  std::uint16_t from_client = 0;
  std::uint16_t from_server = 0;
  ConnectReturnCode return_code = ConnectReturnCode::not_authorized;
  const char* name = nullptr;  ///< null: the standard defines no such code
  const char* text = nullptr;
};

constexpr std::size_t rows_max = 0xA3;

}  // namespace

namespace packet_set {
// In the namespace whose words the table uses.
static constexpr std::array<Row, rows_max> make_rows() {
  std::array<Row, rows_max> rows{};
#define SLUICE_REASON_CODE(name, value, from_client, from_server, return_code, text) \
  rows[value] = Row{from_client, from_server, ConnectReturnCode::return_code, #name, text};
#include "codec/reason_codes.def"
#undef SLUICE_REASON_CODE
  return rows;
}

}  // namespace packet_set

namespace {

constexpr std::array<Row, rows_max> rows = packet_set::make_rows();

const Row* find_row(ReasonCode code) {
  const auto value = static_cast<std::size_t>(code);
  return value < rows.size() && rows[value].name != nullptr ? &rows[value] : nullptr;
}

}  // namespace

const char* to_string(ReasonCode code) noexcept {
  const Row* row = find_row(code);
  return row != nullptr ? row->text : "Unknown reason code";
}

const char* label(ReasonCode code) noexcept {
  const Row* row = find_row(code);
  return row != nullptr ? row->name : "unknown";
}

const char* to_string(ConnectReturnCode code) noexcept {
  switch (code) {
    case ConnectReturnCode::accepted:
      return "Connection accepted";
    case ConnectReturnCode::unacceptable_protocol_version:
      return "Connection refused, unacceptable protocol version";
    case ConnectReturnCode::identifier_rejected:
      return "Connection refused, identifier rejected";
    case ConnectReturnCode::server_unavailable:
      return "Connection refused, server unavailable";
    case ConnectReturnCode::bad_user_name_or_password:
      return "Connection refused, bad user name or password";
    case ConnectReturnCode::not_authorized:
      return "Connection refused, not authorized";
  }
  return "Unknown return code";
}

std::optional<ReasonCode> to_reason_code(std::uint8_t byte) noexcept {
  const auto code = static_cast<ReasonCode>(byte);
  return find_row(code) != nullptr ? std::optional(code) : std::nullopt;
}

bool is_allowed(ReasonCode code, PacketType type, Direction direction) noexcept {
  const Row* row = find_row(code);
  if (row == nullptr) return false;
  const auto set = direction == Direction::to_server ? row->from_client : row->from_server;
  return packet_set::holds(set, type);
}

bool is_allowed(ReasonCode code, PacketType type) noexcept {
  return is_allowed(code, type, Direction::to_server) ||
         is_allowed(code, type, Direction::to_client);
}

ConnectReturnCode to_return_code(ReasonCode code) noexcept {
  const Row* row = find_row(code);
  return row != nullptr ? row->return_code : ConnectReturnCode::server_unavailable;
}

}  // namespace sluice::codec
