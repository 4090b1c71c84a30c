// SPDX-License-Identifier: Apache-2.0
//
// Sizes and times as an operator writes them: "64KiB", "10MB", "256B"; "30s", "5m", "14d", "100ms",
// "1h30m". What is formatted can be parsed again and gives the same value.
//
// Thread: any (pure).
#pragma once

#include "base/time.h"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace sluice::config {

/// A value, or a sentence for the operator that says what is wrong and what is allowed.
template <class T>
using Parsed = std::expected<T, std::string>;

/// B, kB, MB, GB, TB (of 1000) and KiB, MiB, GiB, TiB (of 1024), in any case; no unit means bytes.
Parsed<std::uint64_t> parse_bytes(std::string_view text);
/// In the largest unit that says it exactly: "64KiB", "10MB", "268435455B".
std::string format_bytes(std::uint64_t bytes);

/// ns, us, ms, s, m, h, d and w, several in a row if so wished; only 0 needs no unit.
Parsed<Duration> parse_duration(std::string_view text);
/// In the largest unit that says it exactly: "1d", "90s", "1500us".
std::string format_duration(Duration duration);

}  // namespace sluice::config
