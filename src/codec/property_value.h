// SPDX-License-Identifier: Apache-2.0
//
// Reads one property from a byte view by its row of the table: the step that checking and walking
// have in common.
#pragma once

#include "codec/byte_reader.h"
#include "codec/property.h"

namespace sluice::codec {

/// Takes the value behind a property's identifier. False if it is cut short or an integer has no
/// valid form.
bool take_property_value(ByteReader& reader, PropertyWire wire, PropertyView& out);

}  // namespace sluice::codec
