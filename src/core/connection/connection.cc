// SPDX-License-Identifier: Apache-2.0
#include "core/connection/connection.h"

namespace sluice::core {

const char* to_string(CloseCause cause) noexcept {
  switch (cause) {
    case CloseCause::client:
      return "client";
    case CloseCause::client_with_will:
      return "client, with its will";
    case CloseCause::connection_lost:
      return "connection lost";
    case CloseCause::connect_timeout:
      return "no CONNECT in time";
    case CloseCause::keep_alive_timeout:
      return "exceeded timeout";
    case CloseCause::write_timeout:
      return "took no bytes in time";
    case CloseCause::malformed_packet:
      return "malformed packet";
    case CloseCause::protocol_error:
      return "protocol error";
    case CloseCause::packet_too_large:
      return "packet too large";
    case CloseCause::limit:
      return "limit reached";
    case CloseCause::session_taken_over:
      return "session taken over";
    case CloseCause::not_authorized:
      return "not authorized";
    case CloseCause::administrative_action:
      return "administrative action";
    case CloseCause::server_shutting_down:
      return "server shutting down";
    case CloseCause::refused:
      return "refused";
  }
  return "unknown";
}

CloseCause close_cause_of(const Error& error) noexcept {
  switch (error.code) {
    case ErrorCode::malformed_packet:
      return CloseCause::malformed_packet;
    case ErrorCode::packet_too_large:
      return CloseCause::packet_too_large;
    case ErrorCode::limit_exceeded:
      return CloseCause::limit;
    default:
      return CloseCause::protocol_error;
  }
}

Connection& Connections::open(ConnId id) {
  if (id.slot >= slots_.size()) slots_.resize(id.slot + std::size_t{1}, none);
  SLUICE_ASSERT(slots_[id.slot] == none);
  const std::uint32_t place = slab_.emplace();
  slots_[id.slot] = place;
  slab_[place].id = id;
  return slab_[place];
}

void Connections::close(ConnId id) {
  SLUICE_ASSERT(find(id) != nullptr);
  slab_.erase(slots_[id.slot]);
  slots_[id.slot] = none;
}

}  // namespace sluice::core
