// SPDX-License-Identifier: Apache-2.0
//
// What subscribing and matching cost, by the number of subscriptions with random leaves.
#include "base/rng.h"
#include "core/topic/subscription_tree.h"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace {

using sluice::Rng;
using sluice::core::SessionSlot;
using sluice::core::SharedGroup;
using sluice::core::Subscription;
using sluice::core::SubscriptionTree;

struct Counter {
  std::size_t found = 0;

  void on_subscription(const Subscription& subscription) {
    found += 1 + subscription.subscription_id;
  }
  void on_group(SharedGroup&) { ++found; }
};

Subscription of_session(std::size_t number) {
  return {.session = SessionSlot{static_cast<std::uint32_t>(number)},
          .subscription_id = 0,
          .options = {}};
}

std::string random_site(Rng& rng) { return "site/" + std::to_string(rng.below(1'000'000)); }

std::string random_leaf(Rng& rng) {
  return random_site(rng) + "/dev/" + std::to_string(rng.below(1'000'000)) + "/temp";
}

/// So many topics in random order, one behind the other as in a read buffer: what is cold in a
/// measurement is the tree, not the topic.
class Publishes {
 public:
  Publishes(Rng& rng, const std::vector<std::string>& topics, std::size_t wanted) {
    for (std::size_t i = 0; i < wanted; ++i) {
      const std::string& topic = topics[rng.below(topics.size())];
      begins_.push_back(static_cast<std::uint32_t>(text_.size()));
      text_ += topic;
    }
    begins_.push_back(static_cast<std::uint32_t>(text_.size()));
  }
  std::string_view next() {
    i_ = i_ + 2 == begins_.size() ? 0 : i_ + 1;
    return std::string_view(text_).substr(begins_[i_], begins_[i_ + 1] - begins_[i_]);
  }

 private:
  std::string text_;
  std::vector<std::uint32_t> begins_;
  std::size_t i_ = 0;
};

void run_matches(benchmark::State& state, SubscriptionTree& tree,
                 const std::vector<std::string>& topics) {
  Rng rng(2);
  Publishes publishes(rng, topics, 500'000);
  Counter counter;
  for (auto _ : state) tree.match(publishes.next(), counter);
  const auto matches = static_cast<double>(state.iterations());
  state.counters["matches"] = static_cast<double>(counter.found) / matches;
  state.counters["bytes/sub"] =
      static_cast<double>(tree.bytes()) / static_cast<double>(tree.count());
}

/// Random leaves; the topic has its own subscriber and those of two filters with wildcards.
void match_leaf_and_two_wildcards(benchmark::State& state) {
  Rng rng(1);
  SubscriptionTree tree({1, 2});
  std::vector<std::string> topics;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    topics.push_back(random_leaf(rng));
    tree.subscribe(topics.back(), of_session(topics.size()));
  }
  tree.subscribe("site/+/dev/+/temp", of_session(0));
  tree.subscribe("site/#", of_session(0));
  run_matches(state, tree, topics);
}
BENCHMARK(match_leaf_and_two_wildcards)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

/// Three sessions for each random leaf.
void match_three_of_one_leaf(benchmark::State& state) {
  Rng rng(1);
  SubscriptionTree tree({1, 2});
  std::vector<std::string> topics;
  for (std::int64_t i = 0; i < state.range(0) / 3; ++i) topics.push_back(random_leaf(rng));
  for (std::size_t session = 0; session < 3; ++session)
    for (const auto& topic : topics) tree.subscribe(topic, of_session(session));
  run_matches(state, tree, topics);
}
BENCHMARK(match_three_of_one_leaf)->Arg(1'000)->Arg(1'000'000);

/// All three filters of a topic are its own: a leaf, one with '+', one with '#'.
void match_three_own_filters(benchmark::State& state) {
  Rng rng(1);
  SubscriptionTree tree({1, 2});
  std::vector<std::string> topics;
  for (std::int64_t i = 0; i < state.range(0) / 3; ++i) {
    const std::string site = random_site(rng);
    topics.push_back(site + "/dev/" + std::to_string(rng.below(1'000'000)) + "/temp");
    tree.subscribe(topics.back(), of_session(topics.size()));
    tree.subscribe(site + "/dev/+/temp", of_session(topics.size()));
    tree.subscribe(site + "/#", of_session(topics.size()));
  }
  run_matches(state, tree, topics);
}
BENCHMARK(match_three_own_filters)->Arg(1'000)->Arg(1'000'000);

/// Each publisher's topic again and again: all of it warm.
void match_the_same_topic(benchmark::State& state) {
  SubscriptionTree tree({1, 2});
  tree.subscribe("sensors/floor3/temperature/unit7", of_session(1));
  run_matches(state, tree, {"sensors/floor3/temperature/unit7"});
}
BENCHMARK(match_the_same_topic);

/// One SUBSCRIBE into a tree that has so many already.
void subscribe_random_leaf(benchmark::State& state) {
  Rng rng(1);
  SubscriptionTree tree({1, 2});
  std::size_t session = 0;
  const auto standing = static_cast<std::size_t>(state.range(0));
  while (session < standing) tree.subscribe(random_leaf(rng), of_session(session++));
  std::vector<std::string> filters;
  for (int i = 0; i < 200'000; ++i) filters.push_back(random_leaf(rng));
  std::size_t i = 0;
  for (auto _ : state) {
    tree.subscribe(filters[i], of_session(session));
    if (++i < filters.size()) continue;
    state.PauseTiming();
    tree.unsubscribe_all(SessionSlot{static_cast<std::uint32_t>(session)});
    i = 0;
    state.ResumeTiming();
  }
}
BENCHMARK(subscribe_random_leaf)->Arg(1'000)->Arg(1'000'000);

/// A session of 50 filters comes and goes.
void subscribe_and_unsubscribe_all(benchmark::State& state) {
  Rng rng(1);
  SubscriptionTree tree({1, 2});
  std::size_t session = 0;
  const auto standing = static_cast<std::size_t>(state.range(0));
  while (session < standing) tree.subscribe(random_leaf(rng), of_session(session++));
  std::vector<std::string> filters;
  for (int i = 0; i < 50'000; ++i) filters.push_back(random_leaf(rng));
  std::size_t at = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < 50; ++i) tree.subscribe(filters[at + i], of_session(session));
    tree.unsubscribe_all(SessionSlot{static_cast<std::uint32_t>(session)});
    at = at + 50 == filters.size() ? 0 : at + 50;
  }
  state.SetItemsProcessed(state.iterations() * 50);
}
BENCHMARK(subscribe_and_unsubscribe_all)->Arg(1'000)->Arg(1'000'000);

}  // namespace
