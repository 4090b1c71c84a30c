// SPDX-License-Identifier: Apache-2.0
//
// How the public headers are compiled: the inline namespace that carries the version of the
// interface, and the mark of what the shared library exports.
#pragma once

/// @cond
#ifndef SLUICE_NAMESPACE
#define SLUICE_NAMESPACE inline namespace v1
#endif
#define SLUICE_PUBLIC __attribute__((visibility("default")))
/// @endcond
