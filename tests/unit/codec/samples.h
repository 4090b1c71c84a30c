// SPDX-License-Identifier: Apache-2.0
//
// Packets written by hand from the standards' tables, each valid in its version and direction and
// in the one form that we encode. Tests decode them, encode them again, cut them and lengthen them.
#pragma once

#include "codec/types.h"
#include "tests/support/wire.h"

#include <ostream>
#include <string>
#include <vector>

namespace sluice::codec {

struct Sample {
  const char* name;
  Version version;
  Direction direction;
  const char* text;  ///< in the notation of tests/support/wire.h

  testing::Bytes bytes() const { return testing::wire(text); }
  friend void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.name; }
};

/// Everything that all versions or one of them know.
const std::vector<Sample>& samples();

}  // namespace sluice::codec
