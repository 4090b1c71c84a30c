// SPDX-License-Identifier: Apache-2.0
#include "server/durability/shard_logs.h"

#include "os/file/file_disk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <semaphore>
#include <string>
#include <vector>

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;

// The real disk, with a switch for each thing that can go wrong.
class FaultyDisk final : public os::Disk {
 public:
  std::atomic<bool> is_full{false};
  std::atomic<bool> does_sync_fail{false};
  /// Of one file, the most that was written and waited for a sync at any time.
  std::atomic<std::uint64_t> unsynced_max{0};

  Result<std::unique_ptr<os::DiskFile>> open(const std::string& path, os::OpenMode mode) override {
    SLUICE_TRY(auto file, disk_.open(path, mode));
    return std::make_unique<File>(*this, std::move(file));
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return disk_.rename(from, to);
  }
  Result<void> remove(const std::string& path) override { return disk_.remove(path); }
  Result<std::vector<std::string>> list(const std::string& path) override {
    return disk_.list(path);
  }
  Result<void> create_directory(const std::string& path) override {
    return disk_.create_directory(path);
  }
  Result<void> sync_directory(const std::string& path) override {
    return disk_.sync_directory(path);
  }
  Result<std::unique_ptr<os::DiskLock>> lock(const std::string& path) override {
    return disk_.lock(path);
  }

 private:
  class File final : public os::DiskFile {
   public:
    File(FaultyDisk& disk, std::unique_ptr<os::DiskFile> file)
        : disk_(disk), file_(std::move(file)) {}
    Result<void> write(ByteView bytes, std::uint64_t offset) override {
      unsynced_ += bytes.size();
      disk_.unsynced_max = std::max(disk_.unsynced_max.load(), unsynced_);
      return file_->write(bytes, offset);
    }
    Result<std::size_t> read(MutableByteView into, std::uint64_t offset) const override {
      return file_->read(into, offset);
    }
    Result<void> sync() override {
      if (disk_.does_sync_fail) return fail(ErrorCode::io_error, "fdatasync");
      unsynced_ = 0;
      return file_->sync();
    }
    Result<void> allocate(std::uint64_t bytes) override {
      if (disk_.is_full) return fail(ErrorCode::no_space, "fallocate");
      return file_->allocate(bytes);
    }
    Result<std::uint64_t> size() const override { return file_->size(); }

   private:
    FaultyDisk& disk_;
    std::unique_ptr<os::DiskFile> file_;
    std::uint64_t unsynced_ = 0;
  };

  os::FileDisk disk_;
};

class ShardLogsTest : public ::testing::Test {
 protected:
  ShardLogsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-logs-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    root = name;
    options.segment_bytes_min = 64 * 1024;
    options.segment_bytes_max = 64 * 1024;
  }
  ~ShardLogsTest() override {
    logs.reset();
    std::filesystem::remove_all(root);
  }

  void open() {
    auto opened = server::ShardLogs::open(
        {.disk = disk,
         .directory = root + "/d",
         .options = options,
         .log = log,
         .on_failed = [this](const std::string&, const Error&) { failed.release(); }},
        {.shards = 2, .placement_key = {}, .salt = 1});
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    logs = std::move(*opened);
    replayed.clear();
    for (std::uint16_t shard = 0; shard < 2; ++shard) {
      const auto end = logs->replay(shard, [this](const store::Batch& batch) -> Result<void> {
        replayed.emplace_back(as_text(batch.records));
        return {};
      });
      ASSERT_TRUE(end.has_value()) << end.error().text;
    }
    std::vector<std::function<void()>> wakes(2, [this] { woken.release(); });
    ASSERT_TRUE(logs->start(std::move(wakes)).has_value());
  }
  void append(std::uint16_t shard, std::string_view text) {
    logs->log(shard).append(core::Ticket{++ticket}, {.wall = {1}, .mono = {2}}, as_bytes(text));
  }
  bool is_durable(std::uint16_t shard) {
    while (logs->log(shard).durable() < core::Ticket{ticket})
      if (!woken.try_acquire_for(20s)) return false;
    return true;
  }
  // A condition with a deadline, looked at whenever the log has woken its shard.
  template <class Condition>
  bool comes_true(Condition condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) static_cast<void>(woken.try_acquire_for(10ms));
    return condition();
  }

  // Files of the first log, ready or not.
  int segments() const {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(root + "/d/log-1-0"))
      count += entry.path().extension() == ".segment" ? 1 : 0;
    return count;
  }
  // Whether the last of them has its header.
  bool is_made() const {
    std::string last;
    for (const auto& entry : std::filesystem::directory_iterator(root + "/d/log-1-0"))
      if (entry.path().extension() == ".segment") last = std::max(last, entry.path().string());
    return std::ifstream(last).get() == 'S';
  }

  FaultyDisk disk;
  store::StoreOptions::Log options;
  NullLog log;
  std::string root;
  std::counting_semaphore<> woken{0};
  std::counting_semaphore<> failed{0};
  std::unique_ptr<server::ShardLogs> logs;
  std::vector<std::string> replayed;
  std::uint64_t ticket = 0;
};

TEST_F(ShardLogsTest, WhatWasAppendedIsReplayedInOrderAfterARestart) {
  open();
  EXPECT_TRUE(replayed.empty());
  append(0, "one");
  append(0, "two");
  ASSERT_TRUE(is_durable(0));
  append(1, "three");
  ASSERT_TRUE(is_durable(1));
  EXPECT_EQ(logs->log(0).pending_bytes(), 0U);
  logs.reset();
  open();
  EXPECT_EQ(replayed, (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(ShardLogsTest, ATicketWithoutRecordsIsAnsweredBehindThoseBeforeIt) {
  open();
  append(0, "one");
  append(0, "");
  ASSERT_TRUE(is_durable(0));
  append(0, "");
  ASSERT_TRUE(is_durable(0));
  logs.reset();
  open();
  EXPECT_EQ(replayed.size(), 1U);
}

TEST_F(ShardLogsTest, ABatchLargerThanWhatIsLeftOfAnAlmostEmptySegmentIsMadeDurable) {
  open();
  append(0, "a little");
  ASSERT_TRUE(is_durable(0));
  append(0, std::string(static_cast<std::size_t>(options.segment_bytes_min), 'x'));
  ASSERT_TRUE(is_durable(0));
}

TEST_F(ShardLogsTest, WhatWasAppendedBeforeAStopIsWrittenAndSegmentsFollowEachOther) {
  open();
  const std::string text(3000, 'x');
  for (int i = 0; i < 300; ++i) append(0, text);
  logs.reset();
  open();
  EXPECT_EQ(replayed.size(), 300U);
}

TEST_F(ShardLogsTest, CommitsAreCounted) {
  open();
  append(0, "one");
  ASSERT_TRUE(is_durable(0));
  const auto metrics = logs->metrics();
  EXPECT_EQ(metrics.store_commits, 1U);
  EXPECT_EQ(metrics.store_batches, 1U);
  EXPECT_GT(metrics.store_bytes, 0U);
  EXPECT_EQ(metrics.store_pending_bytes, 0U);
  std::uint64_t commits = 0;
  for (std::size_t i = 0; i + 1 < metrics.store_commit_seconds.size(); ++i)
    commits += metrics.store_commit_seconds[i];
  EXPECT_EQ(commits, 1U);
  EXPECT_GT(metrics.store_commit_seconds.back(), 0U);
}

TEST_F(ShardLogsTest, AfterAFailedSyncNothingIsAnswered) {
  open();
  append(0, "one");
  ASSERT_TRUE(is_durable(0));
  disk.does_sync_fail = true;
  append(0, "two");
  ASSERT_TRUE(failed.try_acquire_for(20s));
  disk.does_sync_fail = false;
  append(0, "three");
  logs->stop();
  EXPECT_EQ(logs->log(0).durable(), core::Ticket{1});
}

TEST_F(ShardLogsTest, AFullDiskIsSaidAnswersNothingAndIsOverWhenThereIsRoom) {
  open();
  disk.is_full = true;
  const std::string text(3000, 'x');
  for (int i = 0; i < 10; ++i) {
    append(0, text);
    ASSERT_TRUE(is_durable(0));
  }
  EXPECT_TRUE(comes_true([&] { return logs->log(0).space() == store::Space::low; }));
  for (int i = 0; i < 30; ++i) append(0, text);
  EXPECT_TRUE(comes_true([&] { return logs->metrics().store_waits_segment > 0; }));
  EXPECT_LT(logs->log(0).durable(), core::Ticket{ticket});
  EXPECT_GT(logs->log(0).pending_bytes(), 0U);
  EXPECT_EQ(logs->metrics().store_full, 1U);
  disk.is_full = false;
  EXPECT_TRUE(is_durable(0));
  EXPECT_TRUE(comes_true([&] { return logs->log(0).space() == store::Space::ample; }));
}

TEST_F(ShardLogsTest, ALogWithTimeGetsItsNextSegmentInPiecesThatNoSyncWaitsLongFor) {
  options.segment_bytes_min = options.segment_bytes_max = 2 << 20;
  open();
  const int before = segments();
  disk.unsynced_max = 0;
  const std::string text(60'000, 'x');
  for (int i = 0; i < 19; ++i) {
    append(0, text);
    ASSERT_TRUE(is_durable(0));
  }
  ASSERT_TRUE(comes_true([&] { return segments() > before; }));
  // The rest of the segment in use is filled: the next one is there.
  for (int i = 0; i < 19; ++i) {
    ASSERT_TRUE(comes_true([&] { return is_made(); }));
    append(0, text);
    ASSERT_TRUE(is_durable(0));
  }
  EXPECT_EQ(logs->metrics().store_waits_segment, 0U);
  EXPECT_LE(disk.unsynced_max, 256U * 1024 + 4096);
  EXPECT_GT(disk.unsynced_max, 64U * 1024);
}

TEST_F(ShardLogsTest, AStopLeavesNoSegmentHalfMade) {
  options.segment_bytes_min = options.segment_bytes_max = 32 << 20;
  open();
  const int before = segments();
  const std::string text(std::size_t{9} << 20, 'x');
  append(0, text);
  append(0, text);
  ASSERT_TRUE(is_durable(0));
  ASSERT_TRUE(comes_true([&] { return segments() > before; }));
  logs.reset();
  EXPECT_TRUE(is_made());
  open();
  EXPECT_EQ(replayed.size(), 2U);
}

TEST_F(ShardLogsTest, SegmentsBeforeTheReplayStartGo) {
  open();
  const std::string text(3000, 'x');
  for (int i = 0; i < 200; ++i) {
    append(0, text);
    ASSERT_TRUE(is_durable(0));
  }
  logs->log(0).begin_replay_at(store::Position{190});
  EXPECT_TRUE(comes_true([&] { return segments() <= 3; })) << segments();
  logs.reset();
  open();
  EXPECT_EQ(replayed.size(), 11U);
}

}  // namespace
}  // namespace sluice::testing
