// SPDX-License-Identifier: Apache-2.0
//
// Threads that work for later yield to those that somebody waits for.
//
// Thread: any.
#pragma once

namespace sluice::os {

/// The calling thread yields to all others of the machine that want to run.
void lower_thread_priority();

}  // namespace sluice::os
