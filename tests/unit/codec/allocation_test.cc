// SPDX-License-Identifier: Apache-2.0
//
// The codec allocates nothing: every operator new of this program is counted while packets are
// decoded and encoded.
#include "codec/codec.h"
#include "codec/topic.h"
#include "tests/unit/codec/samples.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <vector>

// A counter of the whole program, and operators of it that the analyzer takes for the library's.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-*,clang-analyzer-cplusplus.NewDelete)
namespace {
std::size_t allocations = 0;

void* counted(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
// NOLINTEND(cppcoreguidelines-avoid-non-const-*,clang-analyzer-cplusplus.NewDelete)

namespace sluice::codec {
namespace {

TEST(CodecAllocations, AreCountedByThisProgram) {
  const std::size_t before = allocations;
  const std::vector<int> vector(100);
  EXPECT_GT(allocations, before);
}

TEST(CodecAllocations, AreNoneInDecodingAndEncoding) {
  std::vector<testing::Bytes> packets;
  for (const Sample& sample : samples()) packets.push_back(sample.bytes());
  testing::Bytes out(4096);
  std::size_t failures = 0;
  const std::size_t before = allocations;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const Sample& sample = samples()[i];
    const auto packet = decode(packets[i], sample.version, sample.direction, DecodeLimits{});
    if (!packet || !encode(*packet, sample.version, out)) ++failures;
    // Broken ones too: errors are values.
    for (std::size_t n = 0; n < packets[i].size(); ++n)
      if (decode(ByteView(packets[i]).first(n), sample.version, sample.direction, DecodeLimits{}))
        ++failures;
  }
  const std::size_t after = allocations;
  EXPECT_EQ(after - before, 0U);
  EXPECT_EQ(failures, 0U);
}

TEST(CodecAllocations, AreNoneOnTheHotPaths) {
  const testing::Bytes body = testing::wire("s'site/4/line/12' 0001 [ 03 s'json' ] 'payload'");
  const testing::Bytes ack = testing::wire("0001");
  testing::Bytes out(256);
  std::size_t done = 0;
  const std::size_t before = allocations;
  for (int i = 0; i < 1000; ++i) {
    Publish publish;
    AnyAck any;
    done += decode_publish(0x32, body, Version::v5, DecodeLimits{}, publish) ? 1U : 0U;
    done += decode_ack(0x40, ack, Version::v5, DecodeLimits{}, any) ? 1U : 0U;
    done += encode(publish, Version::v5, out) ? 1U : 0U;
    done += publish.properties.text(PropertyId::content_type) == "json" ? 1U : 0U;
    done += matches("site/+/line/#", publish.topic) ? 1U : 0U;
  }
  const std::size_t after = allocations;
  EXPECT_EQ(after - before, 0U);
  EXPECT_EQ(done, 5000U);
}

}  // namespace
}  // namespace sluice::codec
