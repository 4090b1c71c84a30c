// SPDX-License-Identifier: Apache-2.0
#include "net/transport/memory/memory_transport.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace sluice::net {
namespace {

std::string read_all(Transport& from) {
  std::string text;
  std::array<std::uint8_t, 64> buffer{};
  for (;;) {
    const auto got = from.read(buffer);
    if (!got) return text;
    text += as_text({buffer.data(), *got});
  }
}

Result<std::size_t> write(Transport& to, std::string_view text) {
  const IoSlice slice{as_bytes(text).data(), text.size()};
  return to.write({&slice, 1});
}

TEST(MemoryTransport, HoldsNoMoreThanItsCapacity) {
  auto [left, right] = MemoryTransport::make_pair({.capacity = 4});
  EXPECT_EQ(write(*left, "123456").value(), 4U);
  EXPECT_FALSE(left->is_writable());
  EXPECT_EQ(write(*left, "56").error().code, ErrorCode::would_block);
  EXPECT_EQ(read_all(*right), "1234");
  EXPECT_TRUE(left->is_writable());
  EXPECT_EQ(write(*left, "56").value(), 2U);
}

TEST(MemoryTransport, CutsReadsAndWritesAsAsked) {
  auto [left, right] = MemoryTransport::make_pair({});
  left->faults().write_bytes_max = 3;
  EXPECT_EQ(write(*left, "12345").value(), 3U);
  right->faults().read_bytes_max = 1;
  std::array<std::uint8_t, 8> buffer{};
  EXPECT_EQ(right->read(buffer).value(), 1U);
  right->faults().read_bytes_max = 0;
  EXPECT_FALSE(right->is_readable());
  EXPECT_EQ(right->read(buffer).error().code, ErrorCode::would_block);
}

TEST(MemoryTransport, HoldsBytesUnderWayUntilTheyAreReleased) {
  auto [left, right] = MemoryTransport::make_pair({});
  right->faults().is_input_held = true;
  ASSERT_TRUE(write(*left, "abcdef"));
  EXPECT_EQ(read_all(*right), "");
  right->release_input(2);
  EXPECT_EQ(read_all(*right), "ab");
  right->release_input(100);
  EXPECT_EQ(read_all(*right), "cdef");
  ASSERT_TRUE(write(*left, "g"));
  EXPECT_EQ(read_all(*right), "") << "released means what was under way then";
}

TEST(MemoryTransport, TellsTheEndOnlyAfterHeldBytes) {
  auto [left, right] = MemoryTransport::make_pair({});
  right->faults().is_input_held = true;
  ASSERT_TRUE(write(*left, "abc"));
  left.reset();
  std::array<std::uint8_t, 8> buffer{};
  EXPECT_EQ(right->read(buffer).error().code, ErrorCode::would_block);
  right->release_input(3);
  EXPECT_EQ(read_all(*right), "abc");
  EXPECT_EQ(right->read(buffer).error().code, ErrorCode::closed);
}

TEST(MemoryTransport, CutLosesWhatIsUnderWay) {
  auto [left, right] = MemoryTransport::make_pair({});
  ASSERT_TRUE(write(*left, "lost"));
  right->cut();
  for (Transport* end :
       {static_cast<Transport*>(left.get()), static_cast<Transport*>(right.get())}) {
    std::array<std::uint8_t, 8> buffer{};
    const auto got = end->read(buffer);
    ASSERT_FALSE(got.has_value());
    EXPECT_NE(got.error().system, 0);
    EXPECT_EQ(write(*end, "x").error().code, ErrorCode::closed);
  }
}

TEST(MemoryTransport, TellsItsOwnerWhenSomethingChanges) {
  auto [left, right] = MemoryTransport::make_pair({.capacity = 4});
  int left_told = 0;
  int right_told = 0;
  left->on_ready([&left_told] { ++left_told; });
  right->on_ready([&right_told] { ++right_told; });
  ASSERT_TRUE(write(*left, "1234"));
  EXPECT_EQ(right_told, 1);
  EXPECT_EQ(left_told, 0);
  EXPECT_EQ(read_all(*right), "1234");
  EXPECT_EQ(left_told, 1) << "there is room again";
  left.reset();
  EXPECT_EQ(right_told, 2);
}

TEST(MemoryTransport, CarriesItsNumberInItsName) {
  auto [left, right] = MemoryTransport::make_pair({.number = 42});
  EXPECT_EQ(to_string(left->peer()), "memory:42");
  EXPECT_EQ(right->fd(), -1);
}

TEST(MemoryTransport, StaysWithinItsCapacityOverALongStream) {
  auto [left, right] = MemoryTransport::make_pair({.capacity = 10});
  std::string sent;
  std::string received;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i);
    const auto taken = write(*left, text);
    if (taken) sent += text.substr(0, *taken);
    right->faults().read_bytes_max = static_cast<std::size_t>(i % 4);
    std::array<std::uint8_t, 8> buffer{};
    if (const auto got = right->read(buffer)) received += as_text({buffer.data(), *got});
  }
  right->faults() = {};
  received += read_all(*right);
  EXPECT_EQ(received, sent);
}

}  // namespace
}  // namespace sluice::net
