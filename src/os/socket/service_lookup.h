// SPDX-License-Identifier: Apache-2.0
//
// Where a service of a domain is, as the DNS tells by SRV records.
//
// Spec:    RFC 2782.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/rng.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::os {

struct ServiceTarget {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const ServiceTarget&) const = default;
};

/// The hosts of a service ("_mqtt._tcp.example.org"; without a domain, of the domain that the
/// system searches), in the order to try them: least priority first, and by chance among equals,
/// the heavier ones more often. not_found if the domain says that there is none, or has no such
/// name; io_error if nobody can tell. Blocks (DNS): for a command, never for a shard.
Result<std::vector<ServiceTarget>> look_up_service(const std::string& name);

/// The same of the bytes of an answer; parse_error if it is none.
Result<std::vector<ServiceTarget>> targets_of_answer(ByteView answer, Rng& rng);

}  // namespace sluice::os
