// SPDX-License-Identifier: Apache-2.0
//
// The back ends that there are: each line of registry.cc makes one of its options, if they name it.
//
// Thread: any; reads files.
#pragma once

#include "auth/chain.h"
#include "auth/options.h"
#include "auth/problem.h"

#include <expected>
#include <memory>

namespace sluice::auth {

/// Whether they name a place where clients are known: then credentials are asked for.
bool has_backends(const AuthOptions& options);

/// The chain that the options ask for, empty if they ask for none; or all that is wrong with what
/// they name.
std::expected<std::unique_ptr<const Chain>, Problems> make_chain(const AuthOptions& options);

}  // namespace sluice::auth
