// SPDX-License-Identifier: Apache-2.0
// Texts inside, at the edge, and on the heap.
#include "base/short_text.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(ShortText, GivesBackWhatItWasMadeOf) {
  for (const std::size_t size : {0U, 1U, 22U, 23U, 24U, 200U, 65'535U}) {
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7);
    const ShortText held(text);
    EXPECT_EQ(held.view(), text) << size;
    EXPECT_EQ(held.heap_bytes(), size > 23 ? size : 0) << size;
  }
}

TEST(ShortText, KeepsACopy) {
  std::string text(100, 'a');
  const ShortText held(text);
  text.assign(100, 'b');
  EXPECT_EQ(held.view(), std::string(100, 'a'));
}

}  // namespace
}  // namespace sluice
