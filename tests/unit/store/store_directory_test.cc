// SPDX-License-Identifier: Apache-2.0
#include "store/recovery/store_directory.h"

#include "store/recovery/log_reader.h"
#include "tests/support/sim_disk.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

using store::Problem;
using store::StoreDirectory;

const StoreDirectory::Birth two_shards{.shards = 2, .placement_key = {3, 4}, .salt = 5};

Result<void> ignore(const store::Batch&) { return {}; }

void put_text(SimDisk& disk, const std::string& path, std::string_view text) {
  const auto file = disk.open(path, os::OpenMode::replace);
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE((*file)->write(as_bytes(text), 0).has_value());
}

TEST(StoreDirectory, IsMadeOnceAndFoundAgain) {
  SimDisk disk;
  {
    const auto made = StoreDirectory::open(disk, "d", two_shards);
    ASSERT_TRUE(made.has_value());
    EXPECT_TRUE(made->is_new());
  }
  const auto found = StoreDirectory::open(disk, "d", {.shards = 9, .placement_key = {}, .salt = 1});
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE(found->is_new());
  EXPECT_EQ(found->manifest().shards, 2);
  EXPECT_EQ(found->manifest().placement_key, (HashKey{3, 4}));
  EXPECT_EQ(found->manifest().salt, 5U);
  for (std::uint16_t shard = 0; shard < 2; ++shard)
    EXPECT_TRUE(store::read_log(disk, found->place_of(shard), ignore).has_value());
}

TEST(StoreDirectory, APowerCutAtEveryOperationOfItsMakingLeavesNoneOrAWholeOne) {
  for (std::uint64_t n = 1; n < 200; ++n) {
    SimDisk disk;
    Rng rng(n);
    disk.die_in(n);
    const bool is_made = StoreDirectory::open(disk, "d", two_shards).has_value();
    const bool is_through = is_made && !disk.is_dead();
    disk.crash(rng, SimDisk::Cut::power);
    const auto again = StoreDirectory::open(disk, "d", two_shards);
    ASSERT_TRUE(again.has_value()) << n << ": " << again.error().text;
    EXPECT_TRUE(store::read_log(disk, again->place_of(1), ignore).has_value()) << n;
    if (is_through) return;
  }
  FAIL() << "it never ends";
}

TEST(StoreDirectory, APowerCutAtEveryOperationOfASwitchLeavesTheOldLogsOrTheNew) {
  for (std::uint64_t n = 1; n < 200; ++n) {
    SimDisk disk;
    Rng rng(n);
    {
      auto store = StoreDirectory::open(disk, "d", two_shards);
      ASSERT_TRUE(store.has_value());
      disk.die_in(n);
      const auto places = store->prepare_generation(3);
      if (places) static_cast<void>(store->switch_generation(3));
    }
    const bool is_through = !disk.is_dead();
    disk.crash(rng, SimDisk::Cut::power);
    const auto again = StoreDirectory::open(disk, "d", two_shards);
    ASSERT_TRUE(again.has_value()) << n << ": " << again.error().text;
    const auto shards = again->manifest().shards;
    EXPECT_EQ(shards, again->manifest().generation == 1 ? 2 : 3) << n;
    for (std::uint16_t shard = 0; shard < shards; ++shard)
      EXPECT_TRUE(store::read_log(disk, again->place_of(shard), ignore).has_value()) << n;
    if (is_through) {
      EXPECT_EQ(shards, 3);
      return;
    }
  }
  FAIL() << "it never ends";
}

TEST(StoreDirectory, ASecondProcessIsTold) {
  SimDisk disk;
  const auto first = StoreDirectory::open(disk, "d", two_shards);
  ASSERT_TRUE(first.has_value());
  const auto second = StoreDirectory::open(disk, "d", two_shards);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, Problem::Kind::in_use);
  EXPECT_NE(second.error().text.find("d is in use by"), std::string::npos);
}

TEST(StoreDirectory, ADirectoryOfSomethingElseIsLeftAlone) {
  SimDisk disk;
  ASSERT_TRUE(disk.create_directory("d").has_value());
  put_text(disk, "d/photo.jpg", "x");
  const auto store = StoreDirectory::open(disk, "d", two_shards);
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().kind, Problem::Kind::foreign);
  EXPECT_NE(store.error().text.find("photo.jpg"), std::string::npos);
}

TEST(StoreDirectory, LogsWithoutAManifestAreNeverTakenForAnEmptyStore) {
  SimDisk disk;
  ASSERT_TRUE(StoreDirectory::open(disk, "d", two_shards).has_value());
  ASSERT_TRUE(disk.remove("d/MANIFEST").has_value());
  const auto store = StoreDirectory::open(disk, "d", two_shards);
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().kind, Problem::Kind::missing);
}

TEST(StoreDirectory, AManifestThatIsDamagedOrNewerIsRefused) {
  SimDisk disk;
  ASSERT_TRUE(StoreDirectory::open(disk, "d", two_shards).has_value());
  auto& bytes = *disk.bytes_of("d/MANIFEST");
  const auto good = bytes;
  for (std::size_t i = 0; i < good.size(); ++i) {
    bytes = good;
    bytes[i] ^= 4U;
    EXPECT_FALSE(StoreDirectory::open(disk, "d", two_shards).has_value()) << i;
    bytes.assign(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(StoreDirectory::open(disk, "d", two_shards).has_value()) << i;
  }
  bytes = good;
  EXPECT_TRUE(StoreDirectory::open(disk, "d", two_shards).has_value());
}

TEST(Manifest, IsWhatItWas) {
  const store::Manifest manifest{
      .generation = 7, .shards = 300, .placement_key = {~0ULL, 1}, .salt = 0xabcdefULL};
  const auto read = store::read_manifest(to_text(manifest), "M");
  ASSERT_TRUE(read.has_value()) << read.error().text;
  EXPECT_EQ(*read, manifest);
  const store::ReplayStart start{.segment = 12, .position = store::Position{999}};
  const auto start_read = store::read_replay_start(to_text(start), "R");
  ASSERT_TRUE(start_read.has_value()) << start_read.error().text;
  EXPECT_EQ(*start_read, start);
}

}  // namespace
}  // namespace sluice::testing
