// SPDX-License-Identifier: Apache-2.0
//
// read_log() hands out the batches of a log in order, from where replay begins. A commit that a
// crash left unfinished at the end of the log is cut off and reported: nothing of it was ever
// acknowledged. Anything else that is not as it was written is a Problem, with the file and the
// place in it; nothing is skipped, and no log is ever taken to be empty because a file of it is
// gone.
//
// Thread: any; blocks.
#pragma once

#include "store/problem.h"
#include "store/recovery/log_end.h"
#include "store/wal/segment_files.h"

#include <functional>

namespace sluice::store {

/// An error ends the reading: the bytes are whole, but mean nothing.
using BatchVisitor = std::function<Result<void>(const Batch&)>;

Checked<LogEnd> read_log(os::Disk& disk, const LogPlace& place, const BatchVisitor& visit);

}  // namespace sluice::store
