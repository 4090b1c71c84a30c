// SPDX-License-Identifier: Apache-2.0
//
// Threads that work for later yield to those that somebody waits for, and these are woken soon.
//
// Thread: any.
#pragma once

namespace sluice::os {

/// The calling thread gets a tenth of what others of the machine get that want to run, at most.
void lower_thread_priority();

/// The calling thread, when woken on a busy processor, waits for about 0.1 ms and not for the
/// milliseconds that others may run on; its share of the processor stays what it is. Linux 6.12 and
/// later; elsewhere, or where it is not allowed, nothing changes.
void shorten_thread_waits();

}  // namespace sluice::os
