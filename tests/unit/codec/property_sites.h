// SPDX-License-Identifier: Apache-2.0
//
// Every place where MQTT 5.0 has properties, as a packet that is otherwise minimal: tests generated
// from properties.def put any bytes there.
#pragma once

#include "codec/property.h"
#include "codec/types.h"
#include "tests/support/wire.h"

#include <ostream>
#include <string>
#include <vector>

namespace sluice::codec {

struct PropertySite {
  PacketType type;
  PropertyPlace place;
  Direction direction;

  std::string name() const;
  /// The row allows the property here, and the direction does not forbid it.
  bool does_allow(const PropertyInfo& info) const;
  /// A property that must be there for this one to be valid: Authentication Method.
  testing::Bytes companions(const PropertyInfo& info) const;
  /// The whole packet, with these bytes as its properties.
  testing::Bytes packet_with(const testing::Bytes& properties) const;
  friend void PrintTo(const PropertySite& site, std::ostream* out) { *out << site.name(); }
};

/// All packets that have properties, in each direction that they go, and the will.
std::vector<PropertySite> property_sites();

/// A valid property of that row: identifier and value.
testing::Bytes valid_property(const PropertyInfo& info);

}  // namespace sluice::codec
