// SPDX-License-Identifier: Apache-2.0
//
// What every Disk does: the real one, and the one that loses and tears on purpose.
#include "os/file/file_disk.h"
#include "tests/support/sim_disk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

namespace sluice::testing {
namespace {

class DiskContract : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "SimDisk") {
      disk = std::make_unique<SimDisk>();
      ASSERT_TRUE(disk->create_directory(root).has_value());
      return;
    }
    disk = std::make_unique<os::FileDisk>();
    std::string name = (std::filesystem::temp_directory_path() / "sluice-disk-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root = name;
  }
  void TearDown() override {
    if (GetParam() != "SimDisk") std::filesystem::remove_all(root);
  }
  std::string path(const std::string& name) const { return root + "/" + name; }
  void make(const std::string& name, std::string_view text) {
    const auto file = disk->open(path(name), os::OpenMode::replace);
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE((*file)->write(as_bytes(text), 0).has_value());
  }
  std::string text_of(const std::string& name) {
    const auto file = disk->open(path(name), os::OpenMode::read);
    if (!file) return "(none)";
    std::string text(100, '\0');
    const auto size = (*file)->read({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}, 0);
    text.resize(size.value_or(0));
    return text;
  }

  std::unique_ptr<os::Disk> disk;
  std::string root = "root";
};

TEST_P(DiskContract, WhatWasWrittenIsReadAndGapsAreZeros) {
  const auto file = disk->open(path("a"), os::OpenMode::create);
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE((*file)->write(as_bytes("xyz"), 5).has_value());
  ASSERT_TRUE((*file)->sync().has_value());
  EXPECT_EQ((*file)->size().value(), 8U);
  EXPECT_EQ(text_of("a"), std::string("\0\0\0\0\0xyz", 8));
  std::uint8_t byte = 0;
  EXPECT_EQ((*file)->read({&byte, 1}, 8).value(), 0U);
}

TEST_P(DiskContract, AllocatedRoomIsReadAsZeros) {
  const auto file = disk->open(path("a"), os::OpenMode::create);
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE((*file)->allocate(10).has_value());
  EXPECT_EQ(text_of("a"), std::string(10, '\0'));
}

TEST_P(DiskContract, OpeningSaysWhatIsInTheWay) {
  EXPECT_EQ(disk->open(path("a"), os::OpenMode::read).error().code, ErrorCode::not_found);
  EXPECT_EQ(disk->open(path("a"), os::OpenMode::write).error().code, ErrorCode::not_found);
  make("a", "x");
  EXPECT_EQ(disk->open(path("a"), os::OpenMode::create).error().code, ErrorCode::already_exists);
  EXPECT_EQ(disk->create_directory(root).error().code, ErrorCode::already_exists);
  EXPECT_EQ(disk->list(path("none")).error().code, ErrorCode::not_found);
  EXPECT_EQ(disk->remove(path("none")).error().code, ErrorCode::not_found);
  EXPECT_EQ(disk->rename(path("none"), path("b")).error().code, ErrorCode::not_found);
}

TEST_P(DiskContract, ARenameReplaces) {
  make("a", "new");
  make("b", "old, and longer");
  ASSERT_TRUE(disk->rename(path("a"), path("b")).has_value());
  ASSERT_TRUE(disk->sync_directory(root).has_value());
  EXPECT_EQ(text_of("a"), "(none)");
  EXPECT_EQ(text_of("b"), "new");
}

TEST_P(DiskContract, NamesAreListedInOrderAndRemovedOnesAreGone) {
  make("c", "");
  make("a", "");
  ASSERT_TRUE(disk->create_directory(path("b")).has_value());
  EXPECT_EQ(disk->list(root).value(), (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_TRUE(disk->remove(path("b")).has_value());
  ASSERT_TRUE(disk->remove(path("c")).has_value());
  EXPECT_EQ(disk->list(root).value(), std::vector<std::string>{"a"});
}

TEST_P(DiskContract, AnOpenFileSurvivesItsName) {
  make("a", "text");
  const auto file = disk->open(path("a"), os::OpenMode::read);
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(disk->remove(path("a")).has_value());
  std::uint8_t byte = 0;
  EXPECT_EQ((*file)->read({&byte, 1}, 1).value(), 1U);
  EXPECT_EQ(byte, 'e');
}

TEST_P(DiskContract, ALockIsForOneUntilItIsLetGo) {
  auto first = disk->lock(path("LOCK"));
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(disk->lock(path("LOCK")).error().code, ErrorCode::would_block);
  first->reset();
  EXPECT_TRUE(disk->lock(path("LOCK")).has_value());
}

INSTANTIATE_TEST_SUITE_P(All, DiskContract, ::testing::Values("FileDisk", "SimDisk"),
                         [](const auto& each) { return each.param; });

TEST(SimDisk, APowerCutTakesWhatWasNotSynced) {
  int lost = 0;
  int torn = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimDisk disk;
    Rng rng(seed);
    const auto file = disk.open("f", os::OpenMode::create);
    ASSERT_TRUE(disk.sync_directory("").has_value());
    ASSERT_TRUE((*file)->write(std::vector<std::uint8_t>(2048, 1), 0).has_value());
    ASSERT_TRUE((*file)->sync().has_value());
    ASSERT_TRUE((*file)->write(std::vector<std::uint8_t>(2048, 2), 0).has_value());
    disk.crash(rng, SimDisk::Cut::power);
    const auto& bytes = *disk.bytes_of("f");
    const auto kept = std::ranges::count(bytes, std::uint8_t{2});
    ASSERT_EQ(bytes.size(), 2048U);
    ASSERT_EQ(kept % 512, 0);
    lost += kept == 0 ? 1 : 0;
    torn += kept > 0 && kept < 2048 ? 1 : 0;
    EXPECT_FALSE((*file)->sync().has_value());
  }
  EXPECT_GT(lost, 5);
  EXPECT_GT(torn, 5);
}

TEST(SimDisk, ANameIsSafeOnceItsDirectoryIsSynced) {
  int gone = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SimDisk disk;
    Rng rng(seed);
    ASSERT_TRUE(disk.open("a", os::OpenMode::create).has_value());
    ASSERT_TRUE(disk.sync_directory("").has_value());
    ASSERT_TRUE(disk.open("b", os::OpenMode::create).has_value());
    disk.crash(rng, SimDisk::Cut::power);
    EXPECT_TRUE(disk.open("a", os::OpenMode::read).has_value());
    gone += disk.open("b", os::OpenMode::read).has_value() ? 0 : 1;
  }
  EXPECT_GT(gone, 3);
  EXPECT_LT(gone, 20);
}

}  // namespace
}  // namespace sluice::testing
