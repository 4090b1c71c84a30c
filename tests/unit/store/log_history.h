// SPDX-License-Identifier: Apache-2.0
//
// A LogHistory drives a log over a disk that fails, life after life, and compares what each start
// reads with what was acknowledged: all of that, in order, and behind it at most what was appended
// and not acknowledged.
#pragma once

#include "base/rng.h"
#include "store/recovery/log_reader.h"
#include "store/recovery/store_directory.h"
#include "tests/support/sim_disk.h"
#include "tests/support/stepped_log.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace sluice::testing {

inline constexpr store::SegmentSizes small_segments{.min = 32 * 1024, .max = 128 * 1024};

class LogHistory {
 public:
  explicit LogHistory(std::uint64_t seed) : rng(seed) {}

  /// Reads and opens the log; false if the power went meanwhile.
  bool start() {
    auto opened =
        store::StoreDirectory::open(disk, "d", {.shards = 1, .placement_key = {}, .salt = 7});
    if (!opened) return died(opened.error().text);
    read.clear();
    first_read = store::Position{0};
    const auto visit = [this](const store::Batch& batch) -> Result<void> {
      if (first_read == store::Position{0}) first_read = batch.position;
      read.emplace_back(batch.records.begin(), batch.records.end());
      return {};
    };
    auto end = store::read_log(disk, opened->place_of(0), visit);
    if (!end) return died(end.error().text);
    check(*end);
    log = std::make_unique<SteppedLog>(disk, opened->place_of(0),
                                       store::WriteRules{small_segments, sync}, *end);
    store = std::make_unique<store::StoreDirectory>(std::move(*opened));
    ticket = 0;
    if (const auto began = log->open(); !began) return died(began.error().detail);
    // What was read is part of the history from now on, although nobody was told so.
    acknowledged = all.size();
    return true;
  }

  void append(std::size_t bytes) {
    std::vector<std::uint8_t> records(bytes);
    for (auto& byte : records) byte = static_cast<std::uint8_t>(rng.next());
    const auto at = log->append(core::Ticket{++ticket}, {.wall = {5}, .mono = {6}}, records);
    const auto index = static_cast<std::size_t>(at) - 1;
    ASSERT_EQ(index, all.size());
    all.push_back(std::move(records));
  }

  /// What is durable is acknowledged.
  bool step() {
    const auto stepped = log->step();
    if (!stepped && stepped.error().code != ErrorCode::no_space &&
        stepped.error().code != ErrorCode::would_block)
      return died(stepped.error().detail);
    if (log->durable() >= core::Ticket{ticket}) acknowledged = all.size();
    return true;
  }

  void crash(SimDisk::Cut cut) {
    log.reset();
    store.reset();
    disk.crash(rng, cut);
  }

  SimDisk disk;
  store::Sync sync = store::Sync::each_commit;
  Rng rng;
  std::unique_ptr<store::StoreDirectory> store;
  std::unique_ptr<SteppedLog> log;
  std::vector<std::vector<std::uint8_t>> all;  // every batch, by its position
  std::vector<std::vector<std::uint8_t>> read;
  store::Position first_read{0};
  std::size_t acknowledged = 0;  // so many of them
  std::uint64_t ticket = 0;
  std::size_t replay_from = 0;  // index of the batch, at least
  std::size_t torn = 0;

 private:
  bool died(const std::string& text) {
    EXPECT_TRUE(disk.is_dead()) << text;
    return false;
  }

  void check(const store::LogEnd& end) {
    const std::size_t next = static_cast<std::size_t>(end.next) - 1;
    torn += end.torn_segment != 0 ? 1 : 0;
    ASSERT_GE(next, acknowledged) << "an acknowledged batch is lost";
    ASSERT_LE(next, all.size());
    const std::size_t first = read.empty() ? next : static_cast<std::size_t>(first_read) - 1;
    ASSERT_LE(first, std::max(replay_from, acknowledged));
    ASSERT_EQ(first + read.size(), next);
    for (std::size_t i = 0; i < read.size(); ++i) ASSERT_EQ(read[i], all[first + i]) << first + i;
    all.resize(next);
  }
};

}  // namespace sluice::testing
