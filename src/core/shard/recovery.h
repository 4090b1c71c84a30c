// SPDX-License-Identifier: Apache-2.0
//
// Recovery makes a shard what the log says it was, and then what a restart makes of it: whatever
// was connected was lost when the new run began. Sessions wait for their clients or their expiry,
// wills for their clients or for will.restart_grace, and the other shards hear of subscriptions as
// if they had just been made.
//
// Owner:   Shard.      Thread: its shard's.
// Limits:  will.restart_grace.
// Spec:    MQTT 5.0 §3.1.2.5, §4.1.
#pragma once

#include "base/result.h"
#include "core/connection/closing.h"
#include "core/shard/context.h"
#include "core/shard/interest.h"
#include "core/shard/outbox.h"
#include "core/shard/shared_members.h"
#include "core/state/replay.h"

#include <memory>

namespace sluice::core {

class Recovery {
 public:
  Recovery(Context& context, Closing& closing, Interest& interest, SharedMembers& members,
           Outbox& outbox)
      : c_(context), closing_(closing), interest_(interest), members_(members), outbox_(outbox) {}

  /// A batch of the log, in its order. Its error tells the record by its offset.
  Result<void> restore(ByteView batch);
  /// The log is read to its end: this run begins. In a turn.
  void begin_run();

 private:
  void recover(Session& session);
  void tell_subscriptions(Session& session);

  Context& c_;
  Closing& closing_;
  Interest& interest_;
  SharedMembers& members_;
  Outbox& outbox_;
  std::unique_ptr<Replay> replay_;
};

}  // namespace sluice::core
