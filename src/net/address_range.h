// SPDX-License-Identifier: Apache-2.0
//
// An AddressRange is a set of IP addresses as operators write it: "10.0.0.0/8", "::1",
// "2001:db8::/32". "unix" stands for whoever comes by a Unix socket, "*" for everybody.
//
// Owner:   whoever holds the value.      Thread: any.
#pragma once

#include "base/peer.h"
#include "base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sluice::net {

class AddressRange {
 public:
  /// parse_error: what is wrong.
  static Result<AddressRange> parse(const std::string& text);
  bool contains(const Peer& peer) const;

 private:
  enum class Kind : std::uint8_t { addresses, unix_socket, everybody };
  Peer first_;
  std::uint8_t bits_ = 0;
  Kind kind_ = Kind::everybody;
};

using AddressRanges = std::vector<AddressRange>;

bool contains(std::span<const AddressRange> ranges, const Peer& peer);

}  // namespace sluice::net
