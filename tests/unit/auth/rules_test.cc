// SPDX-License-Identifier: Apache-2.0
#include "auth/rules/mosquitto_acl.h"
#include "auth/rules/rule_text.h"

#include <gtest/gtest.h>

namespace sluice::auth {
namespace {

using codec::Qos;

core::Principal user(std::string name) {
  core::Principal principal;
  principal.user = std::move(name);
  return principal;
}

/// Rules from a text, asked as the core asks.
class Asked {
 public:
  explicit Asked(std::expected<RuleSource, Problems> source)
      : rules_(source ? std::move(*source) : RuleSource{}) {}

  bool write(const core::Principal& who, std::string_view topic, Qos qos = Qos::at_most_once,
             bool retain = false, std::string_view client = "c") const {
    return rules_.permit(who, client)->can_publish({topic, qos, retain});
  }
  bool read(const core::Principal& who, std::string_view topic,
            std::string_view client = "c") const {
    return rules_.permit(who, client)->can_receive(topic);
  }
  int subscribe(const core::Principal& who, std::string_view filter, Qos qos = Qos::exactly_once,
                std::string_view client = "c") const {
    const auto granted = rules_.permit(who, client)->can_subscribe(filter, qos);
    return granted ? static_cast<int>(*granted) : -1;
  }
  const RuleSet& rules() const { return rules_; }

 private:
  RuleSet rules_;
};

Asked ours(std::string_view text) { return Asked(parse_rules("rules", text)); }
Asked mosquittos(std::string_view text) { return Asked(parse_mosquitto_acl("acl", text)); }

TEST(Rules, WhatNoRuleAllowsIsDenied) {
  const Asked none = ours("");
  EXPECT_FALSE(none.write(user("ann"), "t"));
  EXPECT_FALSE(none.read(user("ann"), "t"));
  EXPECT_EQ(none.subscribe(user("ann"), "t"), -1);
}

TEST(Rules, TheFirstLineThatSpeaksOfAQuotaDecidesIt) {
  using core::Quota;
  const Asked rules = ours(
      "group crew ann bob\n"
      "quota user ann connections 3\n"
      "quota group crew connections 9 queue_bytes 64KiB\n"
      "quota everyone subscriptions 0\n");
  const auto of = [&](const char* name, Quota quota) {
    return rules.rules().quotas_of(user(name), "c").of(quota);
  };
  EXPECT_EQ(of("ann", Quota::connections), 3U);
  EXPECT_EQ(of("bob", Quota::connections), 9U);
  EXPECT_EQ(of("cy", Quota::connections), core::OwnQuotas::as_configured);
  EXPECT_EQ(of("ann", Quota::queue_bytes), 65536U);
  EXPECT_EQ(of("cy", Quota::subscriptions), 0U);
  EXPECT_EQ(of("ann", Quota::retained_messages), core::OwnQuotas::as_configured);
}

TEST(Rules, AQuotaThatMakesNoSenseIsToldWithItsLine) {
  for (const char* line : {"quota", "quota user", "quota user ann", "quota ann connections 3",
                           "quota user ann connection 3", "quota user ann connections",
                           "quota user ann connections -1", "quota user ann connections many"}) {
    const auto read = parse_rules("rules", std::string("# first\n") + line + "\n");
    ASSERT_FALSE(read.has_value()) << line;
    EXPECT_EQ(read.error()[0].place, "rules:2") << line;
  }
}

TEST(Rules, ADenialWinsWhereverItStands) {
  const Asked rules = ours("deny user ann all home/door\nallow user ann all home/#\n");
  EXPECT_TRUE(rules.write(user("ann"), "home/lamp"));
  EXPECT_FALSE(rules.write(user("ann"), "home/door"));
  EXPECT_FALSE(rules.read(user("ann"), "home/door"));
  EXPECT_EQ(rules.subscribe(user("ann"), "home/#"), 2);
  EXPECT_EQ(rules.subscribe(user("ann"), "home/door"), -1);
}

TEST(Rules, EachKindOfSubjectIsKnown) {
  const Asked rules = ours(
      "group ops ann bob\n"
      "allow everyone write e\nallow anonymous write a\nallow group ops write g\n"
      "allow client dev-1 write c\nallow identity CN=x write i\nallow listener lan write l\n"
      "allow user ann listener lan write both\n");
  EXPECT_TRUE(rules.write(user("eve"), "e"));
  EXPECT_TRUE(rules.write(user(""), "a"));
  EXPECT_FALSE(rules.write(user("eve"), "a"));
  EXPECT_TRUE(rules.write(user("bob"), "g"));
  EXPECT_FALSE(rules.write(user("eve"), "g"));
  EXPECT_TRUE(rules.write(user("eve"), "c", Qos::at_most_once, false, "dev-1"));
  EXPECT_FALSE(rules.write(user("eve"), "c"));
  core::Principal certified = user("eve");
  certified.identity = "CN=x";
  EXPECT_TRUE(rules.write(certified, "i"));
  core::Principal near = user("ann");
  EXPECT_FALSE(rules.write(near, "both"));
  near.listener = "lan";
  EXPECT_TRUE(rules.write(near, "both"));
  EXPECT_TRUE(rules.write(near, "l"));
  near.user = "eve";
  EXPECT_FALSE(rules.write(near, "both"));
}

TEST(Rules, QosAndRetainMayBeLimited) {
  const Asked rules =
      ours("allow everyone publish p qos 1 retain no\nallow everyone read s qos 1\n");
  EXPECT_TRUE(rules.write(user("a"), "p", Qos::at_least_once));
  EXPECT_FALSE(rules.write(user("a"), "p", Qos::exactly_once));
  EXPECT_FALSE(rules.write(user("a"), "p", Qos::at_most_once, true));
  EXPECT_EQ(rules.subscribe(user("a"), "s"), 1);
  EXPECT_EQ(rules.subscribe(user("a"), "s", Qos::at_most_once), 0);
  EXPECT_TRUE(rules.read(user("a"), "s"));
}

TEST(Rules, ASubscriptionMustBeAllowedAsAWhole) {
  const Asked rules = ours("allow everyone read a/+/c\nallow everyone read b/#\n");
  for (const char* good : {"a/x/c", "a/+/c", "b", "b/#", "b/+/x/#"})
    EXPECT_EQ(rules.subscribe(user("a"), good), 2) << good;
  for (const char* bad : {"#", "+/x/c", "a/#", "a/x/#", "a/x/+", "+/+/c", "c", "$SYS/#"})
    EXPECT_EQ(rules.subscribe(user("a"), bad), -1) << bad;
}

TEST(Rules, TheBrokersOwnTopicsAreNotMeantByWildcardsInFront) {
  const Asked rules = ours("allow everyone read #\nallow user root read $SYS/#\n");
  EXPECT_FALSE(rules.read(user("ann"), "$SYS/broker/uptime"));
  EXPECT_EQ(rules.subscribe(user("ann"), "$SYS/#"), -1);
  EXPECT_EQ(rules.subscribe(user("root"), "$SYS/#"), 2);
  EXPECT_EQ(rules.subscribe(user("ann"), "#"), 2);
}

TEST(Rules, PatternsStandForTheClientsOwnNames) {
  const Asked rules = ours("allow everyone write u/%u/#\nallow everyone all c/%c\n");
  EXPECT_TRUE(rules.write(user("ann"), "u/ann/x"));
  EXPECT_FALSE(rules.write(user("ann"), "u/bob/x"));
  EXPECT_TRUE(rules.write(user("ann"), "c/dev", Qos::at_most_once, false, "dev"));
  EXPECT_EQ(rules.subscribe(user("ann"), "c/dev", Qos::exactly_once, "dev"), 2);
  EXPECT_EQ(rules.subscribe(user("ann"), "c/+", Qos::exactly_once, "dev"), -1);
}

TEST(Rules, ANameThatCouldReachFurtherStandsForNothing) {
  const Asked rules = ours("allow everyone all u/%u/#\nallow everyone all c/%c\n");
  for (const char* name : {"+", "#", "a/b", "a+", ""}) {
    EXPECT_FALSE(rules.write(user(name), "u/" + std::string(name) + "/x")) << name;
    EXPECT_EQ(rules.subscribe(user(name), "u/+/#"), -1) << name;
    EXPECT_EQ(rules.subscribe(user("ann"), "c/" + std::string(name), Qos::exactly_once, name), -1);
  }
  EXPECT_FALSE(rules.write(user("a"), "c/bob/x", Qos::at_most_once, false, "bob/x"));
}

TEST(MosquittoAcl, ReadsWhatMosquittoReads) {
  const Asked rules = mosquittos(
      "# comment\ntopic read public/#\n\nuser ann\ntopic sensors/#\ntopic deny sensors/secret\n"
      "topic write only/in\ntopic read only/out\nuser bob smith\n  topic read a b/c\n"
      "pattern write devices/%c/#\npattern read users/%u\n");
  EXPECT_TRUE(rules.read(user(""), "public/x"));
  EXPECT_FALSE(rules.write(user(""), "public/x"));
  EXPECT_FALSE(rules.read(user("ann"), "public/x"));
  EXPECT_TRUE(rules.write(user("ann"), "sensors/1"));
  EXPECT_TRUE(rules.read(user("ann"), "sensors/1"));
  EXPECT_FALSE(rules.read(user("ann"), "sensors/secret"));
  EXPECT_TRUE(rules.write(user("ann"), "only/in"));
  EXPECT_FALSE(rules.read(user("ann"), "only/in"));
  EXPECT_FALSE(rules.write(user("ann"), "only/out"));
  EXPECT_TRUE(rules.read(user("bob smith"), "a b/c"));
  EXPECT_TRUE(rules.write(user("eve"), "devices/c/x"));
  EXPECT_FALSE(rules.write(user("eve"), "devices/d/x"));
  EXPECT_TRUE(rules.read(user("eve"), "users/eve"));
}

TEST(MosquittoAcl, ASubscriptionMayReachFurtherThanWhatItBrings) {
  const Asked rules = mosquittos("user ann\ntopic read a/b/#\npattern read u/%u/x\n");
  for (const char* good : {"#", "a/#", "+/b/c", "a/b", "a/b/#", "+/#", "u/+/x", "u/ann/#"})
    EXPECT_EQ(rules.subscribe(user("ann"), good), 2) << good;
  for (const char* bad : {"b/#", "a/c", "u/bob/x", "$SYS/#", "a"})
    EXPECT_EQ(rules.subscribe(user("ann"), bad), -1) << bad;
  EXPECT_EQ(rules.subscribe(user("bob"), "a/#"), -1);
}

TEST(MosquittoAcl, AnEmptyFileAllowsNothing) {
  const Asked rules = mosquittos("");
  EXPECT_FALSE(rules.read(user(""), "a"));
  EXPECT_EQ(rules.subscribe(user("ann"), "#"), -1);
}

TEST(RuleFiles, SayWhatIsWrongAndWhere) {
  const auto one = parse_mosquitto_acl("acl", "user\ntopic a/#/b\nrubbish\npattern x%u\n");
  ASSERT_FALSE(one.has_value());
  ASSERT_EQ(one.error().size(), 4U);
  EXPECT_EQ(one.error()[2].place, "acl:3");
  const auto two = parse_rules("rules",
                               "allow ann read a\nallow user ann eat a\nallow user ann read\n"
                               "permit\nallow user \"ann read a\nallow everyone read a qos 3\n"
                               "group g\nallow everyone read $share/g/a\n");
  ASSERT_FALSE(two.has_value());
  EXPECT_EQ(two.error().size(), 8U);
  EXPECT_EQ(two.error()[7].place, "rules:8");
}

TEST(RuleSet, TheDecidingRuleIsTheFirstDenialOrElseTheFirstPermission) {
  const Asked rules = ours("allow everyone read #\nallow user ann read a\ndeny user ann read a\n");
  const Rule* rule = rules.rules().deciding_rule(user("ann"), "c", "a", access::receive);
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->line, 3U);
  rule = rules.rules().deciding_rule(user("bob"), "c", "a", access::receive);
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->line, 1U);
  EXPECT_EQ(rules.rules().deciding_rule(user("bob"), "c", "a", 1), nullptr);
}

TEST(RuleSet, AClientMayBringRulesOfItsOwn) {
  const RuleSet open(RuleSource{}, RuleSet::Default::allow);
  EXPECT_TRUE(open.permit(user("ann"), "c")->can_publish({"any"}));
  core::Principal bringing = user("ann");
  bringing.rules = "allow everyone publish mine/#\n";
  const auto permit = open.permit(bringing, "c");
  EXPECT_TRUE(permit->can_publish({"mine/1"}));
  EXPECT_FALSE(permit->can_publish({"any"}));
  EXPECT_FALSE(permit->can_subscribe("#", Qos::at_most_once).has_value());
  bringing.rules = "rubbish";
  EXPECT_FALSE(open.permit(bringing, "c")->can_publish({"mine/1"}));
}

// The trie against the plain walk over all rules.
TEST(RuleSet, APermitThatIsAskedAgainAnswersAsIfForTheFirstTime) {
  const Asked rules = ours(
      "allow user ann publish a/# qos 1 retain no\n"
      "deny user ann publish a/x/#\n");
  EXPECT_TRUE(rules.write(user("ann"), "a/y"));
  const auto permit = rules.rules().permit(user("ann"), "c");
  const std::string longest(300, 'a');
  for (int round = 0; round < 2; ++round) {
    for (const std::string& topic : {std::string("a/x"), std::string("a/y"), std::string("b"),
                                     "a/" + longest, longest, std::string("a/x")}) {
      for (const Qos qos : {Qos::at_most_once, Qos::exactly_once})
        for (const bool retain : {false, true})
          EXPECT_EQ(permit->can_publish({topic, qos, retain}),
                    rules.write(user("ann"), topic, qos, retain))
              << topic;
    }
  }
}

TEST(RuleSet, FindsEachOfManyLevelsSideBySide) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text +=
        "allow everyone publish at/" + std::to_string(i) + "/from/" + std::to_string(i % 17) + "\n";
  for (int i = 0; i < 17; ++i) text += "allow user ann publish all/" + std::to_string(i) + "\n";
  const Asked rules = ours(text);
  for (int i = 0; i < 1000; ++i) {
    const std::string topic = "at/" + std::to_string(i) + "/from/" + std::to_string(i % 17);
    EXPECT_TRUE(rules.write(user("ann"), topic)) << topic;
    EXPECT_FALSE(rules.write(user("ann"), topic + "0")) << topic;
  }
  for (int i = 0; i < 17; ++i)
    EXPECT_TRUE(rules.write(user("ann"), "all/" + std::to_string(i))) << i;
  EXPECT_FALSE(rules.write(user("ann"), "all/17"));
  EXPECT_FALSE(rules.write(user("bob"), "all/1"));
  EXPECT_FALSE(rules.write(user("ann"), "at/1000/from/14"));
}

TEST(RuleSet, AgreesWithAWalkOverAllRules) {
  std::uint64_t state = 12345;
  const auto below = [&state](std::uint64_t bound) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state >> 33U) % bound;
  };
  const char* levels[] = {"a", "b", "c", "", "+", "%u", "%c", "$x"};
  for (int round = 0; round < 200; ++round) {
    RuleSource source;
    for (int i = 0; i < 12; ++i) {
      Rule rule;
      rule.effect = below(4) == 0 ? RuleEffect::deny : RuleEffect::allow;
      if (below(2) == 0) rule.subject.user = below(2) == 0 ? "ann" : "bob";
      rule.bits = access::receive;
      const auto depth = 1 + below(4);
      for (std::uint64_t d = 0; d < depth; ++d)
        rule.filter += (d > 0 ? "/" : "") + std::string(levels[below(8)]);
      if (below(3) == 0) rule.filter += "/#";
      if (below(20) == 0) rule.filter = "#";
      if (rule.filter.empty()) rule.filter = "a";
      source.rules.push_back(rule);
    }
    const RuleSet rules(source);
    const auto permit = rules.permit(user("a"), "b");
    const auto ann = rules.permit(user("ann"), "c");
    for (int i = 0; i < 50; ++i) {
      std::string topic;
      const auto depth = 1 + below(4);
      for (std::uint64_t d = 0; d < depth; ++d)
        topic += (d > 0 ? "/" : "") + std::string(below(9) == 0 ? "ann" : levels[below(4)]);
      if (topic.empty()) topic = "a";
      if (below(10) == 0) topic = "$x/" + topic;
      const auto expected = [&](const std::string& name, std::string_view client) {
        const Rule* rule = rules.deciding_rule(user(name), client, topic, access::receive);
        return rule != nullptr && rule->effect == RuleEffect::allow;
      };
      EXPECT_EQ(permit->can_receive(topic), expected("a", "b")) << topic;
      EXPECT_EQ(ann->can_receive(topic), expected("ann", "c")) << topic;
    }
  }
}

}  // namespace
}  // namespace sluice::auth
