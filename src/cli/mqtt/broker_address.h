// SPDX-License-Identifier: Apache-2.0
//
// Where the broker is, from -h, -p, --unix, -L, a URL as the first word, or SLUICE_URL.
#pragma once

#include "cli/flags/flag_parser.h"
#include "client/endpoint.h"

#include <optional>
#include <string>
#include <vector>

namespace sluice::cli {

struct BrokerAddress {
  std::vector<client::Endpoint> endpoints;
  std::string service;  ///< what the DNS is to be asked for, instead of endpoints.front()
  std::optional<std::string> user;
  std::optional<std::string> password;
  std::optional<std::string> topic;      ///< the path of a URL, as it was written
  std::optional<std::string> client_id;  ///< ?clientid=
  std::vector<std::string> words;        ///< the flags' words without the URL
};

Parsed<BrokerAddress> broker_address(const ParsedFlags& flags, std::string_view environment_url);

/// Takes the hosts of the service for the endpoints; without one, nothing. Blocks (DNS).
Parsed<bool> find_service(const std::string& service, std::vector<client::Endpoint>& endpoints);

}  // namespace sluice::cli
