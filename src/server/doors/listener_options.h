// SPDX-License-Identifier: Apache-2.0
//
// ListenerOptions is what the operator may choose about one listener: the rows of
// listener_options.def as a struct.
//
// Owner:   AllOptions.    Thread: read-only.
#pragma once

#include "base/option_row.h"

#include <string>

namespace sluice::server {

struct ListenerOptions {
#define SLUICE_OPTIONS_AS_FIELDS
#include "server/doors/listener_options.def"
  std::string place{};         ///< where it was configured, for messages
  bool is_port_given = false;  ///< else it is the protocol's own
};

OptionTableOf<ListenerOptions> listener_option_table();

}  // namespace sluice::server
