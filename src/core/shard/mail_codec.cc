// SPDX-License-Identifier: Apache-2.0
#include "core/shard/mail_codec.h"

namespace sluice::core::mail {

void discard(ByteView record) {
  switch (kind_of(record)) {
    case Kind::publish:
      read<Publish>(record);
      return;
    case Kind::shared_publish:
      read<SharedPublish>(record);
      return;
    case Kind::retained_found:
      read<RetainedFound>(record);
      return;
    case Kind::interest_changed:
    case Kind::shared_member:
    case Kind::confirmed:
    case Kind::retained_asked:
    case Kind::retained_cancelled:
    case Kind::retained_page_end:
    case Kind::outbox_confirmed:
      return;
  }
}

}  // namespace sluice::core::mail
