// SPDX-License-Identifier: Apache-2.0
#include "core/state/chunk_store.h"

#include <utility>

namespace sluice::core {

ChunkAnswer carry_out(ChunkStore& store, const ChunkRequest& request) {
  ChunkAnswer answer{.kind = request.kind,
                     .id = request.id,
                     .session = request.session,
                     .session_number = request.session_number};
  switch (request.kind) {
    case ChunkRequest::Kind::write: {
      const auto checksum = store.write(request.id, request.bytes);
      if (!checksum) answer.done = fail(checksum.error());
      if (checksum) answer.checksum = *checksum;
      break;
    }
    case ChunkRequest::Kind::read: {
      auto bytes = store.read(request.id, request.checksum);
      if (!bytes) answer.done = fail(bytes.error());
      if (bytes) answer.bytes = std::move(*bytes);
      break;
    }
    case ChunkRequest::Kind::forget:
      store.release(request.id);
      break;
  }
  return answer;
}

}  // namespace sluice::core
