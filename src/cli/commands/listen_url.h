// SPDX-License-Identifier: Apache-2.0
//
// --listen URL: a [[listener]] in one word, such as
//   mqtts://0.0.0.0:8883?cert=server.pem&key=server.key        unix:///run/sluice.sock
#pragma once

#include "config/load.h"

#include <expected>
#include <string>

namespace sluice::cli {

/// The options of a listener that the URL says; the error is a sentence.
std::expected<config::Inputs::Entry, std::string> listener_of_url(const std::string& text);

}  // namespace sluice::cli
