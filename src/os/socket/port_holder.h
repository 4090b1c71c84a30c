// SPDX-License-Identifier: Apache-2.0
//
// Who listens on a TCP port, from /proc: best effort, for the error that an operator reads when a
// port is taken. Another user's process cannot be named without privileges; its user can.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::os {

struct PortHolder {
  std::uint32_t user = 0;    ///< uid of the socket's owner
  std::int32_t process = 0;  ///< 0 if it cannot be seen
  std::string command{};     ///< its name, empty if it cannot be seen
};

/// Nothing if nobody listens there. Reads /proc/net/tcp, tcp6 and the descriptors of all processes.
std::optional<PortHolder> find_port_holder(std::uint16_t port);
/// "port 1883 is in use by mosquitto (process 812); stop it or choose another port".
std::string explain_port_in_use(std::uint16_t port);

}  // namespace sluice::os
