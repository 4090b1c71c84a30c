// SPDX-License-Identifier: Apache-2.0
//
// Writes the CONNECT that MachineOptions ask for.
//
// Spec:    MQTT 5.0 §3.1; MQTT 3.1.1 §3.1.
#pragma once

#include "base/result.h"
#include "client/machine/options.h"
#include "client/machine/output_buffer.h"

#include <string_view>

namespace sluice::client {

struct ConnectChoice {
  bool clean_start = true;
  std::string_view client_id;
};

/// Appends the CONNECT to `output`. invalid_argument if the options have no wire form.
Result<void> write_connect(const MachineOptions& options, const ConnectChoice& choice,
                           OutputBuffer& output);

/// What is wrong with the options, before any connection: a will's topic, texts that are not UTF-8,
/// a password without a user name in MQTT 3.x.
Result<void> check_options(const MachineOptions& options);

}  // namespace sluice::client
