// SPDX-License-Identifier: Apache-2.0
// What access rules cost: 10,000 users with 100,000 rules, as a decision and as a reload.
#include "auth/rules/rule_text.h"
#include "base/rng.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace sluice;

constexpr int users = 10'000;
constexpr int rules_of_user = 10;

std::string user_name(int user) { return "device-" + std::to_string(user); }

std::string topic_of(int user, int rule) {
  return "plant/line-" + std::to_string(user % 50) + "/" + user_name(user) + "/channel-" +
         std::to_string(rule);
}

std::string text_of_rules() {
  std::string text;
  for (int user = 0; user < users; ++user)
    for (int rule = 0; rule < rules_of_user - 1; ++rule)
      text += "allow user " + user_name(user) + " publish " + topic_of(user, rule) + "/#\n";
  for (int user = 0; user < users; ++user)
    text += "deny user " + user_name(user) + " publish " + topic_of(user, 3) + "/secret\n";
  text += "allow everyone read public/#\nallow everyone write status/%u\n";
  return text;
}

auth::RuleSet rules() {
  auto source = auth::parse_rules("rules", text_of_rules());
  return auth::RuleSet(source ? std::move(*source) : auth::RuleSource{});
}

/// A publish of a client that is connected: whatever client, whatever topics of its own, so many of
/// them in turn.
void publish_decision(benchmark::State& state) {
  const auto topics = static_cast<std::size_t>(state.range(0));
  const auth::RuleSet set = rules();
  Rng rng(1);
  struct Asked {
    std::unique_ptr<core::Permit> permit;
    std::vector<std::string> topics{};
  };
  std::vector<Asked> asked;
  for (int i = 0; i < 10'000; ++i) {
    const int user = static_cast<int>(rng.below(users));
    core::Principal principal;
    principal.user = user_name(user);
    asked.push_back({set.permit(principal, "c"), {}});
    const int first = static_cast<int>(rng.below(rules_of_user - 1));
    for (std::size_t k = 0; k < topics; ++k)
      asked.back().topics.push_back(
          topic_of(user, (first + static_cast<int>(k)) % (rules_of_user - 1)) + "/value");
  }
  std::size_t at = 0;
  std::size_t round = 0;
  std::size_t allowed = 0;
  for (auto _ : state) {
    const Asked& each = asked[at];
    allowed += each.permit->can_publish({.topic = each.topics[round]}) ? 1 : 0;
    if (++at < asked.size()) continue;
    at = 0;
    round = round + 1 == topics ? 0 : round + 1;
  }
  if (allowed == 0) state.SkipWithError("nothing was allowed");
}
BENCHMARK(publish_decision)->ArgName("topics")->Arg(1)->Arg(3);

void permit_of_a_client(benchmark::State& state) {
  const auth::RuleSet set = rules();
  core::Principal principal;
  principal.user = user_name(7);
  for (auto _ : state) benchmark::DoNotOptimize(set.permit(principal, "c"));
}
BENCHMARK(permit_of_a_client);

/// From the text of the file to rules that can be asked.
void reload(benchmark::State& state) {
  const std::string text = text_of_rules();
  for (auto _ : state) {
    auto source = auth::parse_rules("rules", text);
    if (!source) state.SkipWithError("the rules cannot be read");
    const auth::RuleSet set(std::move(*source));
    benchmark::DoNotOptimize(set.trie());
  }
  state.SetItemsProcessed(state.iterations() * users * rules_of_user);
}
BENCHMARK(reload)->Unit(benchmark::kMillisecond);

}  // namespace
