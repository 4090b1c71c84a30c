// SPDX-License-Identifier: Apache-2.0
//
// The version of libsluice that a program is compiled against.
#pragma once

#include <sluice/config.hpp>

/// Changes when programs must change.
#define SLUICE_VERSION_MAJOR 0
/// Changes when something is added.
#define SLUICE_VERSION_MINOR 1
/// Changes when something is mended.
#define SLUICE_VERSION_PATCH 0
/// The version as one number, for comparisons: 10'203 is 1.2.3.
#define SLUICE_VERSION \
  (SLUICE_VERSION_MAJOR * 10000 + SLUICE_VERSION_MINOR * 100 + SLUICE_VERSION_PATCH)

namespace sluice {
SLUICE_NAMESPACE {
/// The version of the library that the program runs with, as SLUICE_VERSION.
SLUICE_PUBLIC int library_version() noexcept;

}  // namespace v1
}  // namespace sluice
