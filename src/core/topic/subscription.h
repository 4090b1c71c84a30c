// SPDX-License-Identifier: Apache-2.0
//
// A Subscription is what a session asked for with one topic filter, and what a match hands back.
//
// Spec:    MQTT 5.0 §3.8.3.
#pragma once

#include "codec/types.h"
#include "core/ids.h"

#include <cstdint>

namespace sluice::core {

struct Subscription {
  SessionSlot session = no_session;
  std::uint32_t subscription_id = 0;  ///< Subscription Identifier, 0 = none
  codec::SubscriptionOptions options;

  bool operator==(const Subscription&) const = default;
};

/// What subscribe() did: a session has one subscription for a filter, a second one replaces it.
struct SubscribeOutcome {
  bool is_new = true;
  Subscription replaced;  ///< what stood there before, if not is_new
};

}  // namespace sluice::core
