// SPDX-License-Identifier: Apache-2.0
// A batch of the log, whatever the disk hands back: it is replayed or refused, and what is read is
// written again as it was.
#include "core/state/record_codec.h"
#include "core/state/replay.h"

#include <cstdlib>

using namespace sluice;
using namespace sluice::core;

namespace {

void check_form(ByteView batch) {
  RecordReader reader(batch);
  std::vector<std::uint8_t> again;
  while (true) {
    const std::size_t begin = reader.offset();
    const auto record = reader.next();
    if (!record || !*record) return;
    again.clear();
    std::visit([&](const auto& each) { append_record(again, each); }, **record);
    const ByteView read = batch.subspan(begin, reader.offset() - begin);
    if (!std::ranges::equal(again, read)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView batch(data, size);
  check_form(batch);
  const LogClock clock{.instant = Instant{1'000'000'000},
                       .wall = WallTime{1'800'000'000'000'000'000}};
  State state({1, 2});
  Replay replay(state, clock);
  // The second half as a batch of its own, with what the first has left.
  if (replay.apply(batch.first(size / 2))) static_cast<void>(replay.apply(batch.subspan(size / 2)));
  static_cast<void>(replay.apply(batch));
  return 0;
}
