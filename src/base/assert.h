// SPDX-License-Identifier: Apache-2.0
//
// SLUICE_ASSERT states what our own code guarantees; it stays on in release builds, prints and
// aborts. What a peer, a disk or an operator can cause is a Result, never an assertion.
// SLUICE_DCHECK is for the hottest loops: on unless NDEBUG.
#pragma once

namespace sluice {
/// Prints the expression and its place on standard error, then aborts.
[[noreturn]] void assert_failed(const char* expression, const char* file, int line) noexcept;
}  // namespace sluice

#define SLUICE_ASSERT(expression)                               \
  do {                                                          \
    if (!(expression)) [[unlikely]]                             \
      ::sluice::assert_failed(#expression, __FILE__, __LINE__); \
  } while (false)

#ifdef NDEBUG
#define SLUICE_DCHECK(expression) static_cast<void>(0)
#else
#define SLUICE_DCHECK(expression) SLUICE_ASSERT(expression)
#endif
