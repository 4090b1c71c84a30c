// SPDX-License-Identifier: Apache-2.0
//
// The properties that a user asks for with -D, checked by codec/properties.def and encoded, one
// list for each packet.
#pragma once

#include "cli/flags/flag_parser.h"
#include "codec/property.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::cli {

/// Encoded properties of one packet, owned.
class PropertyList {
 public:
  codec::Properties view() const { return codec::Properties::of_checked(bytes_); }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  bool is_empty() const { return bytes_.empty(); }
  void add_number(codec::PropertyId id, std::uint32_t value);
  void add_text(codec::PropertyId id, std::string_view value);
  void add_pair(std::string_view name, std::string_view value);
  void add(const codec::PropertyView& property);

 private:
  std::vector<std::uint8_t> bytes_;
};

struct PropertyArguments {
  PropertyList connect;
  PropertyList publish;
  PropertyList subscribe;
  PropertyList unsubscribe;
  PropertyList disconnect;
  PropertyList will;
};

Parsed<PropertyArguments> parse_properties(const std::vector<PropertyWords>& words);

}  // namespace sluice::cli
