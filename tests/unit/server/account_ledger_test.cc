// SPDX-License-Identifier: Apache-2.0
#include "server/auth/account_ledger.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace sluice::server {
namespace {

using core::OwnQuotas;
using core::Quota;

constexpr std::uint64_t any = ~std::uint64_t{0};

TEST(AccountLedger, AQuotaIsExactWhateverNumberOfThreadsTakesOfIt) {
  AccountLedger ledger;
  const auto watch = ledger.open("ann", {});
  constexpr std::uint64_t max = 1000;
  std::atomic<std::uint64_t> granted{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      const auto account = ledger.open("ann", {});
      for (int k = 0; k < 1000; ++k)
        if (account->take(Quota::subscriptions, 1, max)) ++granted;
    });
  threads.clear();
  EXPECT_EQ(granted, max);
  ASSERT_EQ(ledger.all().size(), 1U);
  EXPECT_EQ(ledger.all()[0].of(Quota::subscriptions), max);
}

TEST(AccountLedger, WhatWouldGoBeyondItIsNotTakenInPart) {
  AccountLedger ledger;
  const auto account = ledger.open("ann", {});
  EXPECT_TRUE(account->take(Quota::queue_bytes, 60, 100));
  EXPECT_FALSE(account->take(Quota::queue_bytes, 41, 100));
  EXPECT_TRUE(account->take(Quota::queue_bytes, 40, 100));
  EXPECT_FALSE(account->take(Quota::queue_bytes, any, 100));
  account->add(Quota::queue_bytes, -100);
  EXPECT_TRUE(account->take(Quota::queue_bytes, 100, 100));
  // What is there already may be more than a quota that has become smaller.
  EXPECT_FALSE(account->take(Quota::queue_bytes, 1, 50));
}

TEST(AccountLedger, AnAccountGoesWithTheLastWhoHoldsIt) {
  AccountLedger ledger;
  auto first = ledger.open("ann", {});
  auto second = ledger.open("ann", {});
  first.reset();
  EXPECT_EQ(ledger.all().size(), 1U);
  second.reset();
  EXPECT_TRUE(ledger.all().empty());
}

TEST(AccountLedger, ARetainedMessageHoldsTheAccountOfItsLastPublisher) {
  AccountLedger ledger;
  auto ann = ledger.open("ann", {});
  auto bob = ledger.open("bob", {});
  EXPECT_TRUE(ledger.retain(1, *ann, 2));
  EXPECT_TRUE(ledger.retain(1, *ann, 2));
  EXPECT_TRUE(ledger.retain(2, *ann, 2));
  EXPECT_FALSE(ledger.retain(3, *ann, 2));
  EXPECT_TRUE(ledger.retain(1, *bob, 2));
  EXPECT_TRUE(ledger.retain(3, *ann, 2));
  ann.reset();
  bob.reset();
  ASSERT_EQ(ledger.all().size(), 2U);
  EXPECT_EQ(ledger.all()[0].of(Quota::retained_messages), 2U);
  for (const std::uint64_t topic : {1U, 2U, 3U, 3U, 9U}) ledger.forget(topic);
  EXPECT_TRUE(ledger.all().empty());
}

TEST(AccountLedger, AUserMayHaveQuotasOfItsOwn) {
  AccountLedger ledger;
  OwnQuotas own;
  own.of(Quota::connections) = 3;
  const auto account = ledger.open("ann", own);
  EXPECT_EQ(account->own_max(Quota::connections), 3U);
  EXPECT_EQ(account->own_max(Quota::subscriptions), OwnQuotas::as_configured);
  const auto again = ledger.open("ann", {});
  EXPECT_EQ(account->own_max(Quota::connections), OwnQuotas::as_configured);
}

}  // namespace
}  // namespace sluice::server
