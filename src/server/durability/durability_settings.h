// SPDX-License-Identifier: Apache-2.0
//
// What the options say of how safe messages are kept, as the shards want it: what --check can say
// of it without starting anything.
//
// Thread:  any (pure).
#pragma once

#include "core/shard/durability_rules.h"
#include "server/doors/listener_options.h"
#include "server/options.h"

#include <expected>
#include <string>

namespace sluice::server {

core::Durability durability_of(ServerOptions::Durability::Mode mode);
core::Durability durability_of(ListenerOptions::Listener::Durability durability);

/// The rules of durability.topics, or what is wrong with them, as a sentence for the operator.
std::expected<core::DurabilityRules, std::string> durability_rules(
    const ServerOptions::Durability& options);
/// A listener cannot be safer than the broker.
std::expected<void, std::string> check(const ListenerOptions& listener,
                                       const ServerOptions::Durability& options);

}  // namespace sluice::server
