// SPDX-License-Identifier: Apache-2.0
//
// The records of a batch as JSON: an object each, with the kind and the fields that the table of
// logged records names.
//
// Thread: any (pure).
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <string>

namespace sluice::cli {

/// Appends the array; an error where the bytes are no records.
Result<void> append_records_json(ByteView batch, std::string& out);

}  // namespace sluice::cli
