// SPDX-License-Identifier: Apache-2.0
//
// Threads that work for later yield to those that somebody waits for.
//
// Thread: any.
#pragma once

namespace sluice::os {

/// The calling thread gets a tenth of what others of the machine get that want to run, at most.
void lower_thread_priority();

}  // namespace sluice::os
