// SPDX-License-Identifier: Apache-2.0
#include "base/shared_bytes.h"

#include "os/thread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sluice {
namespace {

TEST(SharedBytes, CopiesShareOneBlock) {
  const SharedBytes first = SharedBytes::copy_of(as_bytes("payload"));
  const SharedBytes second = first;
  EXPECT_EQ(second.view().data(), first.view().data());
  EXPECT_EQ(as_text(second.view()), "payload");
  EXPECT_EQ(first.owners(), 2U);
}

TEST(SharedBytes, OutlivesTheFirstHandle) {
  SharedBytes last;
  {
    const SharedBytes first = SharedBytes::copy_of(as_bytes("payload"));
    last = first;
  }
  EXPECT_EQ(as_text(last.view()), "payload");
  EXPECT_EQ(last.owners(), 1U);
}

TEST(SharedBytes, MoveLeavesAnEmptyHandle) {
  SharedBytes from = SharedBytes::copy_of(as_bytes("x"));
  const SharedBytes to = std::move(from);
  EXPECT_TRUE(from.is_empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(to.owners(), 1U);
}

TEST(SharedBytes, AssignmentToItselfKeepsTheBytes) {
  SharedBytes bytes = SharedBytes::copy_of(as_bytes("x"));
  const SharedBytes& same = bytes;
  bytes = same;
  EXPECT_EQ(as_text(bytes.view()), "x");
}

TEST(SharedBytes, NoBytesAreAnEmptyHandle) {
  EXPECT_TRUE(SharedBytes::copy_of({}).is_empty());
  EXPECT_TRUE(SharedBytes().view().empty());
}

TEST(SharedBytes, IsCountedByManyThreads) {
  SharedBytes bytes = SharedBytes::copy_of(as_bytes("shared"));
  std::vector<os::Thread> threads;
  for (int i = 0; i < 4; ++i) {
    auto thread = os::Thread::start("copier", [mine = bytes] {
      for (int n = 0; n < 10'000; ++n) {
        const SharedBytes copy = mine;
        ASSERT_EQ(copy.size(), 6U);
      }
    });
    ASSERT_TRUE(thread.has_value());
    threads.push_back(std::move(*thread));
  }
  threads.clear();
  EXPECT_EQ(bytes.owners(), 1U);
}

TEST(GrowingBytes, FreezesWithoutCopying) {
  GrowingBytes growing(1000);
  MutableByteView room = growing.prepare(1000);
  std::ranges::fill(room, std::uint8_t{5});
  growing.commit(1000);
  const auto* before = growing.view().data();
  const SharedBytes frozen = growing.freeze();
  EXPECT_EQ(frozen.view().data(), before);
  EXPECT_EQ(frozen.size(), 1000U);
  EXPECT_EQ(growing.size(), 0U);
}

TEST(GrowingBytes, KeepsItsBytesWhileItGrows) {
  GrowingBytes growing(1 << 20);
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string piece = std::to_string(i) + ",";
    expected += piece;
    ASSERT_TRUE(growing.append(as_bytes(piece)));
  }
  EXPECT_EQ(as_text(growing.view()), expected);
  EXPECT_EQ(as_text(growing.freeze().view()), expected);
}

TEST(GrowingBytes, RefusesToPassItsMaximumAndStaysAsItWas) {
  GrowingBytes growing(4);
  ASSERT_TRUE(growing.append(as_bytes("abc")));
  const auto refused = growing.append(as_bytes("de"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(as_text(growing.view()), "abc");
  EXPECT_TRUE(growing.append(as_bytes("d")));
  EXPECT_TRUE(growing.prepare(1).empty());
}

TEST(GrowingBytes, PreparesNoMoreThanItsMaximum) {
  GrowingBytes growing(300);
  std::size_t total = 0;
  while (!growing.prepare(7).empty()) {
    const std::size_t size = std::min<std::size_t>(7, growing.prepare(7).size());
    growing.commit(size);
    total += size;
  }
  EXPECT_EQ(total, 300U);
}

TEST(GrowingBytes, TakesNoMemoryBeforeTheFirstByte) {
  EXPECT_EQ(GrowingBytes(1 << 28).allocated_bytes(), 0U);
}

TEST(GrowingBytes, ThrowsItsBytesAwayWhenAssignedTo) {
  GrowingBytes first(10);
  ASSERT_TRUE(first.append(as_bytes("first")));
  GrowingBytes second(20);
  ASSERT_TRUE(second.append(as_bytes("second")));
  first = std::move(second);
  EXPECT_EQ(as_text(first.view()), "second");
  EXPECT_EQ(first.bytes_max(), 20U);
}

}  // namespace
}  // namespace sluice
