// SPDX-License-Identifier: Apache-2.0
//
// The broker that conformance tests talk to: here the built program behind a socket. The other
// header of this name has the one in this process, on a fake clock.
#pragma once

#include "tests/support/over_socket/socket_broker.h"

namespace sluice::testing {

using Broker = SocketBroker;
using Client = SocketClient;

}  // namespace sluice::testing
