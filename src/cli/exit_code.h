// SPDX-License-Identifier: Apache-2.0
//
// What commands tell the shell. Called by mosquitto's names the program uses mosquitto's numbers:
// 1 for anything but a refusal, whose code is passed on as it is.
#pragma once

namespace sluice::cli {

inline constexpr int exit_success = 0;
inline constexpr int exit_failure = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_unreachable = 3;
inline constexpr int exit_refused = 4;
inline constexpr int exit_rejected = 5;
inline constexpr int exit_timed_out = 27;     ///< the same for both
inline constexpr int exit_interrupted = 130;  ///< the same for both

}  // namespace sluice::cli
