// SPDX-License-Identifier: Apache-2.0
//
// Sockets that a service manager listens on already and hands to its service when it starts
// (socket activation): LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID of the environment, descriptors
// from 3 on.
//
// Owner:   whoever called; once in a process.      Thread: any.
// Spec:    sd_listen_fds(3).
#pragma once

#include "base/result.h"
#include "os/socket/listening_socket.h"

#include <string>
#include <vector>

namespace sluice::os {

struct GivenSocket {
  std::string name{};  ///< FileDescriptorName= of the socket's unit, or "unknown"
  ListeningSocket listening{};
};

/// None without a service manager, or if they are for another process. invalid_argument if one is
/// not a stream socket that listens.
Result<std::vector<GivenSocket>> take_given_sockets();

}  // namespace sluice::os
