// SPDX-License-Identifier: Apache-2.0
#include "os/socket/service_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::os {
namespace {

using ::testing::ElementsAre;

struct Row {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string_view host;  // one label; empty: "not here"
  std::uint16_t type = 33;
};

class Answer {
 public:
  explicit Answer(std::initializer_list<Row> rows) {
    for (const int each : {7, 0x8180, 1, static_cast<int>(rows.size()), 0, 0}) number(each);
    for (const char* label : {"_mqtt", "_tcp", "x"}) name(label);
    bytes_.push_back(0);
    number(33), number(1);
    for (const Row& row : rows) add(row);
  }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  void number(int value) {
    bytes_.push_back(static_cast<std::uint8_t>(value >> 8));
    bytes_.push_back(static_cast<std::uint8_t>(value));
  }
  void name(std::string_view label) {
    bytes_.push_back(static_cast<std::uint8_t>(label.size()));
    bytes_.insert(bytes_.end(), label.begin(), label.end());
  }
  void add(const Row& row) {
    number(0xc00c);  // the name of the question
    number(row.type), number(1), number(0), number(60);
    number(static_cast<int>(6 + 1 + row.host.size() + (row.host.empty() ? 0 : 1)));
    number(row.priority), number(row.weight), number(row.port);
    if (!row.host.empty()) name(row.host);
    bytes_.push_back(0);
  }

  std::vector<std::uint8_t> bytes_;
};

Result<std::vector<ServiceTarget>> targets(const Answer& answer, std::uint64_t seed = 1) {
  Rng rng(seed);
  return targets_of_answer(answer.bytes(), rng);
}

TEST(ServiceLookup, TheLeastPriorityIsFirst) {
  const auto found = targets(Answer({{30, 0, 3, "c"}, {10, 0, 1, "a"}, {20, 9, 2, "b"}}));
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_THAT(*found,
              ElementsAre(ServiceTarget{"a", 1}, ServiceTarget{"b", 2}, ServiceTarget{"c", 3}));
}

TEST(ServiceLookup, TheHeavierOfEqualsIsFirstMoreOften) {
  const Answer answer({{1, 1, 1, "light"}, {1, 3, 1, "heavy"}, {1, 0, 1, "none"}});
  std::map<std::string, int> first;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
    const auto found = targets(answer, seed);
    ASSERT_EQ(found->size(), 3U);
    ++first[found->front().host];
  }
  EXPECT_NEAR(first["heavy"], 750, 60);
  EXPECT_NEAR(first["light"], 250, 60);
  EXPECT_EQ(first["none"], 0);
}

TEST(ServiceLookup, OtherRecordsArePassedOverAndNoHostIsAnError) {
  EXPECT_THAT(*targets(Answer({{1, 1, 1, "alias", 5}, {1, 1, 2, "a"}})),
              ElementsAre(ServiceTarget{"a", 2}));
  EXPECT_EQ(targets(Answer({{0, 0, 0, ""}})).error().code, ErrorCode::not_found);
  EXPECT_EQ(targets(Answer({})).error().code, ErrorCode::not_found);
}

TEST(ServiceLookup, WhatIsCutIsAnErrorWhereverItIsCut) {
  const Answer answer({{1, 1, 1, "a"}, {1, 1, 2, "b"}});
  Rng rng(1);
  for (std::size_t size = 0; size < answer.bytes().size(); ++size) {
    const std::vector<std::uint8_t> cut(answer.bytes().begin(),
                                        answer.bytes().begin() + static_cast<std::ptrdiff_t>(size));
    const auto found = targets_of_answer(cut, rng);
    ASSERT_FALSE(found) << size;
    EXPECT_EQ(found.error().code, ErrorCode::parse_error) << size;
  }
}

}  // namespace
}  // namespace sluice::os
