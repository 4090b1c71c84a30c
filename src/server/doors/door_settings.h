// SPDX-License-Identifier: Apache-2.0
//
// What the options of a listener mean: checked together, files read.
//
// Thread: any.
#pragma once

#include "core/access/entrance.h"
#include "net/address_range.h"
#include "net/transport/registry.h"
#include "os/socket/socket_address.h"
#include "server/doors/listener_options.h"

#include <expected>
#include <string>

namespace sluice::server {

/// A value, or a sentence for the operator that says which option is wrong and what is allowed.
template <class T>
using Understood = std::expected<T, std::string>;

/// "mqtt", "mqtts", …: the scheme of its transport.
std::string_view scheme_of(const ListenerOptions& options);
/// Where it is to listen; with its protocol's own port if none was given.
Understood<os::SocketAddress> address_of(const ListenerOptions& options);
/// Reads certificates and keys.
Understood<net::ServerLayers> layers_of(const ListenerOptions& options,
                                        const net::TlsTicketKeys& ticket_keys);
/// `option` for the message.
Understood<net::AddressRanges> ranges_of(const std::vector<std::string>& texts,
                                         const std::string& option);
/// The protocol versions that it speaks.
Understood<core::VersionBits> versions_of(const ListenerOptions& options);
/// "0660" as a number.
Understood<std::uint32_t> mode_of(const ListenerOptions& options);
/// All of the above but the files: what --check can say without opening anything.
Understood<void> check(const ListenerOptions& options);

}  // namespace sluice::server
