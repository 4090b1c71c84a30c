// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/line_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::cli {
namespace {

std::vector<std::string> lines_in_pieces_of(std::string_view text, std::size_t bytes) {
  LineReader reader;
  std::vector<std::string> lines;
  const auto take = [&] {
    while (const auto line = reader.next()) lines.emplace_back(*line);
  };
  for (std::size_t at = 0; at < text.size(); at += bytes) {
    reader.feed(as_bytes(text.substr(at, bytes)));
    take();
  }
  reader.end();
  take();
  EXPECT_TRUE(reader.is_done());
  return lines;
}

TEST(LineReader, EveryCutGivesTheSameLines) {
  const std::string_view text("a\n\nbc\r\nd\0e\nlast", 15);
  const std::vector<std::string> expected{"a", "", "bc\r", std::string("d\0e", 3), "last"};
  for (std::size_t bytes = 1; bytes <= text.size(); ++bytes) {
    EXPECT_EQ(lines_in_pieces_of(text, bytes), expected) << bytes;
  }
}

TEST(LineReader, LineEndAtTheEndBeginsNoFurtherLine) {
  EXPECT_EQ(lines_in_pieces_of("a\n", 5), std::vector<std::string>{"a"});
  EXPECT_EQ(lines_in_pieces_of("", 5), std::vector<std::string>{});
}

}  // namespace
}  // namespace sluice::cli
