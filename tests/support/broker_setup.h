// SPDX-License-Identifier: Apache-2.0
//
// What a test chooses about its broker.
#pragma once

#include "core/shard/durability_rules.h"
#include "core/shard/options.h"

#include <cstdint>

namespace sluice::testing {

/// When the log says that a batch is safe.
enum class LogAnswers : std::uint8_t {
  at_once,  ///< within the turn, as a broker without a log does
  later,    ///< when answer_log() is called
};

struct BrokerSetup {
  std::uint16_t shards = 1;
  bool has_log = false;
  LogAnswers log_answers = LogAnswers::at_once;
  bool is_anonymous_allowed = true;
  core::CoreOptions options{};
  core::DurabilityRules durability{};
};

}  // namespace sluice::testing
