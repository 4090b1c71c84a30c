// SPDX-License-Identifier: Apache-2.0
#include "os/thread.h"

#include "os/mailbox.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <csignal>
#include <memory>
#include <vector>

namespace sluice::os {
namespace {

TEST(Thread, CarriesItsNameCutToWhatTheKernelKeeps) {
  std::array<char, 32> name{};
  auto thread = Thread::start("a-name-of-more-than-15-bytes", [&name] {
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  });
  ASSERT_TRUE(thread.has_value());
  thread->join();
  EXPECT_STREQ(name.data(), "a-name-of-more-");
}

TEST(Thread, BlocksSignalsAndLeavesTheMaskOfItsStarter) {
  sigset_t before;
  sigset_t after;
  sigset_t inside;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  auto thread =
      Thread::start("masked", [&inside] { ::pthread_sigmask(SIG_SETMASK, nullptr, &inside); });
  ASSERT_TRUE(thread.has_value());
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  thread->join();
  EXPECT_EQ(sigismember(&inside, SIGTERM), 1);
  EXPECT_EQ(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
}

TEST(Thread, IsJoinedByItsDestructor) {
  bool is_done = false;
  {
    auto thread = Thread::start("joined", [&is_done] { is_done = true; });
    ASSERT_TRUE(thread.has_value());
  }
  EXPECT_TRUE(is_done);
}

TEST(Mailbox, HandsOverInOrder) {
  Mailbox<std::unique_ptr<int>> box(10);
  EXPECT_EQ(box.send(std::make_unique<int>(1)), Sent::first);
  EXPECT_EQ(box.send(std::make_unique<int>(2)), Sent::behind_others);
  std::vector<std::unique_ptr<int>> letters;
  box.take_all(letters);
  ASSERT_EQ(letters.size(), 2U);
  EXPECT_EQ(*letters[0], 1);
  EXPECT_EQ(*letters[1], 2);
  EXPECT_EQ(box.send(std::make_unique<int>(3)), Sent::first);
}

TEST(Mailbox, RefusesWhenFullAndLeavesTheLetterWithItsSender) {
  Mailbox<std::unique_ptr<int>> box(1);
  ASSERT_EQ(box.send(std::make_unique<int>(1)), Sent::first);
  auto letter = std::make_unique<int>(2);
  EXPECT_EQ(box.send(letter), Sent::refused);
  ASSERT_NE(letter, nullptr);
  EXPECT_EQ(*letter, 2);
}

TEST(Mailbox, KeepsTheOrderOfEachOfManySenders) {
  constexpr int senders = 4;
  constexpr int letters_each = 20'000;
  Mailbox<std::pair<int, int>> box(senders * letters_each);
  std::vector<Thread> threads;
  for (int sender = 0; sender < senders; ++sender) {
    auto thread = Thread::start("sender", [&box, sender] {
      for (int i = 0; i < letters_each; ++i) box.send({sender, i});
    });
    ASSERT_TRUE(thread.has_value());
    threads.push_back(std::move(*thread));
  }
  std::array<int, senders> next{};
  std::vector<std::pair<int, int>> letters;
  int received = 0;
  while (received < senders * letters_each) {
    letters.clear();
    box.take_all(letters);
    for (const auto& [sender, number] : letters)
      ASSERT_EQ(number, next.at(static_cast<std::size_t>(sender))++);
    received += static_cast<int>(letters.size());
  }
}

}  // namespace
}  // namespace sluice::os
