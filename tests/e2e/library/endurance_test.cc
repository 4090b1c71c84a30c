// SPDX-License-Identifier: Apache-2.0
//
// What must hold for long: here in a short form; SLUICE_E2E_LONG=1 asks for the long one.
#include "tests/e2e/library/peer_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/client.hpp>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::e2e {
namespace {

using namespace std::chrono_literals;

constexpr auto long_patience = 300s;

int short_or_long(int brief, int whole) {
  return std::getenv("SLUICE_E2E_LONG") == nullptr ? brief : whole;
}

/// How often each payload came, and whether they came in order the first time.
class Arrived {
 public:
  explicit Arrived(int messages) : times_(static_cast<std::size_t>(messages)) {}

  void add(const message& got) {
    const int number = number_of(got);
    if (times_[static_cast<std::size_t>(number)]++ != 0) return;
    is_ordered_ = is_ordered_ && number > last_;
    last_ = std::max(last_, number);
  }
  auto lost() const { return std::ranges::count(times_, 0); }
  auto doubled() const {
    return std::ranges::count_if(times_, [](int once) { return once > 1; });
  }
  bool is_ordered() const { return is_ordered_; }
  static int number_of(const message& got) { return std::stoi(std::string(got.text())); }

 private:
  std::vector<int> times_;
  int last_ = -1;
  bool is_ordered_ = true;
};

TEST(LibraryEndurance, PublishingFromWithinAHandlerNeverDeadlocks) {
  const BrokerProcess broker;
  const int wanted = short_or_long(20'000, 1'000'000);
  client mq{broker.url()};
  std::atomic<int> seen = 0;
  std::atomic<int> refused = 0;
  auto asked = mq.subscribe("h", {.qos = qos::exactly_once}, [&](const message& got) {
    if (++seen > wanted) return seen.notify_all();
    const auto level = static_cast<qos>(seen % 3);
    // Waiting here would be for ever: it is refused.
    if (seen % 100 == 0) {
      auto waiting = mq.publish("nobody", "x", {.qos = qos::at_least_once});
      EXPECT_EQ(waiting.get_for(1s).error().code, errc::would_deadlock);
    }
    mq.publish(got.topic, got.text(), {.qos = level}).on_done([&](const result<puback>& done) {
      refused += done ? 0 : 1;
    });
  });
  const subscription stream = asked.get_for(long_patience).value();
  for (int at = 0; at < 50; ++at) mq.publish("h", "x", {.qos = qos::at_least_once}).detach();
  for (int now = seen; now <= wanted; now = seen) seen.wait(now);
  EXPECT_EQ(refused, 0);
}

class BrokerKilledOften : public ::testing::TestWithParam<qos> {
 protected:
  client_options remembered(const std::string& id) const {
    return {.client_id = id,
            .session_expiry = 1h,
            .reconnect = {.first = 5ms, .max = 50ms},
            .offline = {.max_messages = 1'000'000}};
  }

  /// Gets the messages 0 to `messages`; the last says that it is over.
  class Receiver {
   public:
    Receiver(const BrokerKilledOften& test, int messages)
        : arrived_(messages), mq_(test.broker_.url(), test.remembered("receiver")) {
      auto asked = mq_.subscribe("k", {.qos = GetParam()}, [this, messages](const message& got) {
        if (Arrived::number_of(got) < messages) return arrived_.add(got);
        is_over_ = true;
        is_over_.notify_all();
      });
      stream_.emplace(asked.get_for(long_patience).value());
    }
    /// What has arrived once it is over.
    const Arrived& all() {
      is_over_.wait(false);
      EXPECT_TRUE(mq_.close().get_for(long_patience));  // the handler runs no more
      return arrived_;
    }

   private:
    Arrived arrived_;
    std::atomic<bool> is_over_ = false;
    client mq_;
    std::optional<subscription> stream_;
  };

  BrokerProcess broker_{Peer::sluice, {"--durability", "fsync"}};
};

TEST_P(BrokerKilledOften, LosesNothingThatWasPublished) {
  const int kills = short_or_long(5, 100);
  const int messages = short_or_long(5'000, 100'000);
  const int between = messages / kills;
  Receiver receiver(*this, messages);
  client mq{broker_.url(), remembered("publisher")};
  std::vector<operation<puback>> sent;
  for (int at = 0; at <= messages; ++at) {
    sent.push_back(mq.publish("k", std::to_string(at), {.qos = GetParam()}));
    if (at % between != between / 2) continue;
    // Half of what was published since the last time is acknowledged, the rest under way.
    ASSERT_TRUE(sent[static_cast<std::size_t>(at - between / 4)].wait_for(long_patience));
    broker_.kill();
    broker_.restart();
  }
  int failed = 0;
  for (auto& one : sent) failed += one.get_for(long_patience) ? 0 : 1;
  const Arrived& arrived = receiver.all();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(arrived.lost(), 0);
  EXPECT_TRUE(arrived.is_ordered());
  if (GetParam() == qos::exactly_once) {
    EXPECT_EQ(arrived.doubled(), 0);
  }
  EXPECT_EQ(mq.metrics().connects, static_cast<std::uint64_t>(kills) + 1);
}

INSTANTIATE_TEST_SUITE_P(LibraryEndurance, BrokerKilledOften,
                         testing::Values(qos::at_least_once, qos::exactly_once),
                         [](const auto& level) {
                           return level.param == qos::at_least_once ? "AtQos1" : "AtQos2";
                         });

TEST_P(BrokerKilledOften, WhoWantsNoResultsLosesNothingEither) {
  const int kills = short_or_long(3, 20);
  const int messages = short_or_long(3'000, 20'000);
  Receiver receiver(*this, messages);
  client mq{broker_.url(), remembered("publisher")};
  for (int at = 0; at < messages; ++at) {
    mq.publish("k", std::to_string(at), {.qos = GetParam()}).detach();
    if (at % (messages / kills) != messages / kills / 2) continue;
    broker_.kill();
    broker_.restart();
  }
  EXPECT_TRUE(mq.flush().get_for(long_patience));
  EXPECT_EQ(mq.metrics().messages_acknowledged, static_cast<std::uint64_t>(messages));
  EXPECT_TRUE(
      mq.publish("k", std::to_string(messages), {.qos = GetParam()}).get_for(long_patience));
  const Arrived& arrived = receiver.all();
  EXPECT_EQ(arrived.lost(), 0);
}

TEST(LibraryEndurance, KilledProgramNeverSendsAnExactlyOnceMessageTwice) {
  const BrokerProcess broker;
  const TemporaryFolder folder;
  const int messages = short_or_long(20'000, 100'000);
  const int kills = short_or_long(4, 20);
  client receiver{broker.url()};
  auto stream =
      receiver.subscribe("queued", {.qos = qos::exactly_once}).get_for(long_patience).value();
  int arrived = 0;
  const auto expect_until = [&](int end) {
    for (; arrived < end; ++arrived) {
      const auto got = stream.next().get_for(long_patience).value();
      ASSERT_TRUE(got);
      ASSERT_EQ(got->text(), std::to_string(arrived));
    }
  };
  const std::string file = (folder.path() / "queue").string();
  const std::string count = std::to_string(messages);
  auto program = std::make_unique<PeerProcess>(
      std::vector<std::string>{SLUICE_QUEUE_PEER, broker.url(), file, count, "2"});
  ASSERT_NE(program->wait_for_line("queued"), "");
  for (int at = 1; at <= kills; ++at) {
    expect_until(messages / (kills + 1) * at);
    program->kill();
    program = std::make_unique<PeerProcess>(
        std::vector<std::string>{SLUICE_QUEUE_PEER, broker.url(), file, "0"});
  }
  EXPECT_EQ(program->wait(), 0);
  expect_until(messages);
  EXPECT_FALSE(stream.try_next());
}

void allow_descriptors(rlim_t wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

TEST(LibraryEndurance, ManyClientsShareOneLoopAndItsThread) {
  const auto wanted = static_cast<std::size_t>(short_or_long(1'000, 10'000));
  allow_descriptors(20'000);
  const BrokerProcess broker;
  loop shared;
  std::atomic<std::size_t> arrived = 0;
  std::vector<client> clients;
  std::vector<operation<subscription>> asked;
  std::vector<subscription> streams;
  for (std::size_t at = 0; at < wanted; ++at) {
    clients.emplace_back(broker.url(), client_options{.connect_timeout = 120s, .loop = &shared});
    asked.push_back(clients.back().subscribe("many/" + std::to_string(at), {}, [&](const message&) {
      if (++arrived == wanted) arrived.notify_all();
    }));
  }
  for (auto& one : asked) streams.push_back(one.get_for(long_patience).value());
  std::vector<operation<puback>> sent;
  for (std::size_t at = 0; at < wanted; ++at) {
    const std::string to = "many/" + std::to_string((at + 1) % wanted);
    sent.push_back(clients[at].publish(to, "x", {.qos = qos::at_least_once}));
  }
  for (auto& one : sent) EXPECT_TRUE(one.get_for(long_patience));
  for (auto now = arrived.load(); now < wanted; now = arrived) arrived.wait(now);
  EXPECT_EQ(arrived, wanted);
}

}  // namespace
}  // namespace sluice::e2e
