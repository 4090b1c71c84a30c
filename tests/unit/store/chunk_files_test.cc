// SPDX-License-Identifier: Apache-2.0
// Chunks are there as long as a log may name them, whatever the disk does, and no longer.
#include "store/chunks/chunk_files.h"

#include "tests/support/sim_disk.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace sluice::store {
namespace {

using core::ChunkId;
using testing::SimDisk;
using Bytes = std::vector<std::uint8_t>;

class ChunkFilesOnDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(disk_.create_directory("d").has_value());
    ASSERT_TRUE(disk_.sync_directory("").has_value());
    open();
  }
  void open() {
    files_ = std::make_unique<ChunkFiles>(disk_, LogPlace{"d", 7, 0}, 2'000);
    ASSERT_TRUE(files_->open().has_value());
  }
  static Bytes bytes_of(std::uint64_t id) {
    Rng rng(id);
    Bytes bytes(100 + rng.below(200));
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(rng.below(256));
    return bytes;
  }
  void write(std::uint64_t id) {
    const auto checksum = files_->write(ChunkId{id}, bytes_of(id));
    ASSERT_TRUE(checksum.has_value());
    named_[id] = *checksum;
  }
  bool is_there(std::uint64_t id) {
    const auto found = files_->read(ChunkId{id}, named_.at(id));
    return found && *found == bytes_of(id);
  }
  void release(std::uint64_t id, std::uint64_t next) {
    files_->note_next(Position{next});
    files_->release(ChunkId{id});
  }
  std::size_t count_files() {
    std::size_t count = 0;
    const auto names = disk_.list("d");
    for (const std::string& name : *names) count += name.ends_with(".chunks") ? 1 : 0;
    return count;
  }

  SimDisk disk_;
  Rng rng_{1};
  std::unique_ptr<ChunkFiles> files_;
  std::map<std::uint64_t, std::uint32_t> named_;  // id to checksum
};

TEST_F(ChunkFilesOnDisk, WhatWasSyncedIsThereAfterAPowerCut) {
  for (std::uint64_t id = 1; id <= 40; ++id) write(id);
  ASSERT_TRUE(files_->sync().has_value());
  for (std::uint64_t id = 41; id <= 50; ++id) write(id);
  disk_.crash(rng_, SimDisk::Cut::power);
  open();
  for (std::uint64_t id = 1; id <= 40; ++id) {
    files_->keep(ChunkId{id});
    EXPECT_TRUE(is_there(id)) << id;
  }
  ASSERT_TRUE(files_->drop_unnamed().has_value());
  for (std::uint64_t id = 1; id <= 40; ++id) EXPECT_TRUE(is_there(id)) << id;
  for (std::uint64_t id = 41; id <= 50; ++id) EXPECT_FALSE(is_there(id)) << id;
  EXPECT_GE(files_->last(), ChunkId{40});
}

TEST_F(ChunkFilesOnDisk, WhatNobodyNamesIsGoneAfterTheStart) {
  for (std::uint64_t id = 1; id <= 40; ++id) write(id);
  ASSERT_TRUE(files_->sync().has_value());
  open();
  EXPECT_GT(count_files(), 3U);
  ASSERT_TRUE(files_->drop_unnamed().has_value());
  EXPECT_EQ(count_files(), 0U);
  EXPECT_EQ(files_->bytes(), 0U);
  EXPECT_EQ(files_->last(), ChunkId{40});
}

TEST_F(ChunkFilesOnDisk, WhatWasReleasedStaysUntilTheLogBeginsBehindThat) {
  for (std::uint64_t id = 1; id <= 40; ++id) write(id);
  for (std::uint64_t id = 1; id <= 40; ++id) release(id, 10);
  ASSERT_TRUE(files_->begin_replay_at(Position{10}).has_value());
  EXPECT_TRUE(is_there(1));
  ASSERT_TRUE(files_->begin_replay_at(Position{11}).has_value());
  EXPECT_FALSE(is_there(1));
  // The one that is written to stays.
  EXPECT_EQ(count_files(), 1U);
}

TEST_F(ChunkFilesOnDisk, TheLastOfAFileThatIsNearlyEmptyAreMoved) {
  for (std::uint64_t id = 1; id <= 200; ++id) write(id);
  const std::uint64_t before = files_->bytes();
  for (std::uint64_t id = 1; id <= 200; ++id)
    if (id % 20 != 0) release(id, 5);
  for (std::uint64_t start = 6; start < 30; ++start)
    ASSERT_TRUE(files_->begin_replay_at(Position{start}).has_value());
  EXPECT_LT(files_->bytes(), before / 3);
  for (std::uint64_t id = 20; id <= 200; id += 20) EXPECT_TRUE(is_there(id)) << id;
  disk_.crash(rng_, SimDisk::Cut::power);
  open();
  for (std::uint64_t id = 20; id <= 200; id += 20) EXPECT_TRUE(is_there(id)) << id;
}

TEST_F(ChunkFilesOnDisk, AFullDiskRefusesOneAndTakesTheNext) {
  write(1);
  disk_.set_capacity(disk_.used_bytes() + 10);
  const auto refused = files_->write(ChunkId{2}, bytes_of(2));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::no_space);
  disk_.set_capacity(~std::uint64_t{0});
  write(3);
  ASSERT_TRUE(files_->sync().has_value());
  EXPECT_TRUE(is_there(1));
  EXPECT_TRUE(is_there(3));
  open();
  EXPECT_TRUE(is_there(1));
  EXPECT_TRUE(is_there(3));
}

TEST_F(ChunkFilesOnDisk, AReadThatFailsOnceIsTriedAgain) {
  for (std::uint64_t id = 1; id <= 40; ++id) write(id);
  disk_.fail_in(1, SimDisk::Operation::open, ErrorCode::io_error);
  EXPECT_TRUE(is_there(1));
}

TEST_F(ChunkFilesOnDisk, NoBitOfAFileCanChangeUnnoticedAndItTakesOneChunkAtMost) {
  for (std::uint64_t id = 1; id <= 12; ++id) write(id);
  ASSERT_TRUE(files_->sync().has_value());
  std::size_t lost = 0;
  for (int i = 0; i < 400; ++i) {
    const auto listed = disk_.list("d");
    const auto& names = *listed;
    std::vector<std::uint8_t>& bytes = *disk_.bytes_of("d/" + names[rng_.below(names.size())]);
    const std::size_t at = rng_.below(bytes.size());
    const auto mask = static_cast<std::uint8_t>(1U << rng_.below(8));
    bytes[at] ^= mask;
    open();
    const std::size_t before = lost;
    for (const auto& [id, checksum] : named_) {
      const auto found = files_->read(ChunkId{id}, checksum);
      if (found) {
        EXPECT_EQ(*found, bytes_of(id));
      }
      if (!found) ++lost;
    }
    EXPECT_LE(lost, before + 1);
    bytes[at] ^= mask;
  }
  EXPECT_GT(lost, 300U);
}

TEST_F(ChunkFilesOnDisk, AnyHistoryKeepsWhatTheLogNames) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SimDisk disk;
    Rng rng(seed);
    ASSERT_TRUE(disk.create_directory("d").has_value());
    ASSERT_TRUE(disk.sync_directory("").has_value());
    std::map<std::uint64_t, std::uint32_t> named;  // by the checkpoint that counts
    std::map<std::uint64_t, std::uint32_t> live;
    std::uint64_t next = 1;
    std::uint64_t id = 0;
    for (int life = 0; life < 8; ++life) {
      ChunkFiles files(disk, LogPlace{"d", 7, 0}, 1'500);
      const auto opened = files.open();
      ASSERT_TRUE(opened.has_value())
          << opened.error().detail << " seed " << seed << " life " << life;
      id = std::max(id, static_cast<std::uint64_t>(files.last()));
      live = named;
      for (const auto& [each, checksum] : named) {
        files.keep(ChunkId{each});
        const auto found = files.read(ChunkId{each}, checksum);
        ASSERT_TRUE(found && *found == bytes_of(each)) << "seed " << seed << " chunk " << each;
      }
      files.note_next(Position{next});
      ASSERT_TRUE(files.drop_unnamed().has_value());
      for (int step = 0; step < 300; ++step) {
        files.note_next(Position{++next});
        if (rng.chance(1, 2)) {
          ++id;
          live[id] = *files.write(ChunkId{id}, bytes_of(id));
        }
        if (!live.empty() && rng.chance(1, 2)) {
          auto gone = live.begin();
          std::advance(gone, static_cast<std::ptrdiff_t>(rng.below(live.size())));
          if (rng.chance(3, 4)) gone = live.begin();
          files.release(ChunkId{gone->first});
          live.erase(gone);
        }
        if (!rng.chance(1, 20)) continue;
        // A checkpoint: what it names is synced before it counts.
        files.note_next(Position{++next});
        const auto image = live;
        ASSERT_TRUE(files.sync().has_value());
        named = image;
        ASSERT_TRUE(files.begin_replay_at(Position{next}).has_value());
      }
      disk.crash(rng, SimDisk::Cut::power);
    }
  }
}

}  // namespace
}  // namespace sluice::store
