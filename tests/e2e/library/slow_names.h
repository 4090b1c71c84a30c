// SPDX-License-Identifier: Apache-2.0
//
// Stands in the place of the C library's getaddrinfo(): names that end in .slow are found when
// answer_slow_names() says so, as 127.0.0.1; all others by the C library.
#pragma once

namespace sluice::e2e {

/// Also those that are asked for later.
void answer_slow_names();
/// How many are asked for and not answered.
int slow_names_waiting();

}  // namespace sluice::e2e
