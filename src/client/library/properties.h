// SPDX-License-Identifier: Apache-2.0
//
// Properties between the public types and the bytes of the codec.
//
// Thread:  any.      Spec: MQTT 5.0 §2.2.2.
#pragma once

#include "base/result.h"
#include "codec/packets.h"

#include <sluice/message.hpp>
#include <sluice/options.hpp>

#include <cstdint>
#include <vector>

namespace sluice::client {

/// Raw property bytes in their own memory.
using RawProperties = std::vector<std::uint8_t>;

/// All but the expiry, which is computed when the message is sent. invalid_argument for what has no
/// wire form.
Result<RawProperties> raw_properties(const v1::publish_options& options);
Result<RawProperties> raw_properties(const v1::will& will);
Result<RawProperties> raw_properties(v1::user_properties_view user);
/// Properties of CONNECT that the machine does not know by itself.
Result<RawProperties> raw_connect_properties(const v1::client_options& options,
                                             const std::string& authentication_data);
/// Method and data of an AUTH.
Result<RawProperties> raw_auth_properties(const std::string& method, const std::string& data);

/// The message in memory of its own.
v1::message to_message(const codec::Publish& publish);

}  // namespace sluice::client
