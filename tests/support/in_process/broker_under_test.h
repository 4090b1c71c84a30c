// SPDX-License-Identifier: Apache-2.0
//
// The broker that conformance tests talk to: here the one in this process, on a fake clock. The
// other header of this name has the built program behind a socket.
#pragma once

#include "tests/support/in_process_broker.h"

namespace sluice::testing {

using Broker = InProcessBroker;
using Client = RawClient;

}  // namespace sluice::testing
