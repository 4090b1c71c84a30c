// SPDX-License-Identifier: Apache-2.0
#include "tests/support/broker_under_test/broker_under_test.h"
#include "tests/support/in_process_broker.h"

namespace sluice::testing {

struct Broker::Linked {
  InProcessBroker broker;
};

Broker::Broker(const BrokerSetup& setup) : linked_(new Linked{InProcessBroker(setup)}) {}
Broker::~Broker() = default;

Client& Broker::open() { return linked_->broker.open(); }
Client& Broker::connect(const Connect& packet) { return linked_->broker.connect(packet); }
Client& Broker::resume(const Connect& packet) { return linked_->broker.resume(packet); }

}  // namespace sluice::testing
