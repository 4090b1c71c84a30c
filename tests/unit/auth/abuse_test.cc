// SPDX-License-Identifier: Apache-2.0
#include "auth/abuse/credential_cache.h"
#include "auth/abuse/failure_counter.h"

#include <gtest/gtest.h>

#include <array>

namespace sluice::auth {
namespace {

constexpr Instant start{1'000'000'000};

core::AuthRequest request(std::string user, std::string_view password) {
  core::AuthRequest made;
  made.user_name = std::move(user);
  made.password = Secret(password);
  return made;
}

TEST(FailureCounter, CountsWithinAWindowThatTheFirstFailureBegins) {
  FailureCounter counter;
  const std::string key = failure_key("192.0.2.1", "ann");
  for (int i = 0; i < 5; ++i) counter.add(key, start + i * 10s, 60s);
  EXPECT_EQ(counter.count(key, start + 59s, 60s), 5U);
  EXPECT_EQ(counter.count(key, start + 60s, 60s), 0U);
  counter.add(key, start + 61s, 60s);
  EXPECT_EQ(counter.count(key, start + 62s, 60s), 1U);
  EXPECT_EQ(counter.count(failure_key("192.0.2.1", "bob"), start, 60s), 0U);
}

TEST(FailureCounter, ForgetsTheOldestForANewOneWhenItIsFull) {
  FailureCounter counter;
  for (std::size_t i = 0; i < FailureCounter::entries_max + 10; ++i)
    counter.add(std::to_string(i), start, 60s);
  EXPECT_EQ(counter.size(), FailureCounter::entries_max);
  EXPECT_EQ(counter.count("0", start, 60s), 0U);
  EXPECT_EQ(counter.count(std::to_string(FailureCounter::entries_max), start, 60s), 1U);
}

class CredentialCacheTest : public ::testing::Test {
 protected:
  std::array<std::uint8_t, 32> secret{9};
  CredentialCache cache{secret};
};

TEST_F(CredentialCacheTest, FindsTheSameCredentialsUntilTheirTime) {
  core::Principal ann;
  ann.user = "ann";
  const auto key = cache.key_of(request("ann", "secret"));
  cache.add(key, ann, start + 60s, 10);
  ASSERT_NE(cache.find(cache.key_of(request("ann", "secret")), start), nullptr);
  EXPECT_EQ(cache.find(key, start)->user, "ann");
  EXPECT_EQ(cache.find(cache.key_of(request("ann", "other")), start), nullptr);
  EXPECT_EQ(cache.find(cache.key_of(request("an", "nsecret")), start), nullptr);
  EXPECT_EQ(cache.find(key, start + 60s), nullptr);
  EXPECT_FALSE(key.contains("secret"));
}

TEST_F(CredentialCacheTest, HoldsSoManyAndNoMore) {
  for (int i = 0; i < 20; ++i)
    cache.add(cache.key_of(request(std::to_string(i), "x")), {}, start + 60s, 10);
  EXPECT_EQ(cache.size(), 10U);
  EXPECT_EQ(cache.find(cache.key_of(request("0", "x")), start), nullptr);
  EXPECT_NE(cache.find(cache.key_of(request("19", "x")), start), nullptr);
  cache.clear();
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace sluice::auth
