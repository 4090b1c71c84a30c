// SPDX-License-Identifier: Apache-2.0
//
// What went wrong with a connection, in sentences that say what to do about it.
#pragma once

#include "client/endpoint.h"
#include "client/machine/events.h"

#include <string>

namespace sluice::cli {

/// "nothing listens on 127.0.0.1:1883; start a broker with: sluice serve".
std::string unreachable_text(const client::Endpoint& endpoint, const Error& error);
/// "the broker refused the connection: Not authorized; …".
std::string refused_text(const codec::Connack& connack);
/// Why a connection ended; empty if we ended it ourselves.
std::string ending_text(const client::Ending& ending);
/// The same where the server had not accepted the client: the port may be another protocol's.
std::string unconnected_text(const client::Ending& ending, const client::Endpoint& endpoint);
/// The name of a reason code with the server's own words, if it gave any.
std::string reason_text(codec::ReasonCode reason, const codec::Properties& properties);

}  // namespace sluice::cli
