// SPDX-License-Identifier: Apache-2.0
//
// What --cafile, --psk and their like say of a client's TLS.
#pragma once

#include "cli/flags/flag_parser.h"
#include "net/transport/tls/tls_context.h"

namespace sluice::cli {

/// Whether the flags alone ask for TLS, whatever the URL says.
bool wants_tls(const ParsedFlags& flags);
/// Whether there is any flag that means nothing without TLS.
bool has_tls_flag(const ParsedFlags& flags);
/// Reads the files that the flags name.
Parsed<net::TlsContext> tls_settings(const ParsedFlags& flags);

}  // namespace sluice::cli
