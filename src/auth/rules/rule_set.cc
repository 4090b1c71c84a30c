// SPDX-License-Identifier: Apache-2.0
#include "auth/rules/rule_set.h"

#include "auth/rules/rule_text.h"
#include "auth/rules/rule_trie_builder.h"
#include "codec/topic.h"

#include <algorithm>
#include <optional>

namespace sluice::auth {
namespace {

// What could name more than one level, or none, stands for nothing.
std::string_view as_level(std::string_view text) {
  return text.find_first_of("+#/") == std::string_view::npos ? text : std::string_view();
}

class PermitOfRules final : public core::Permit {
 public:
  PermitOfRules(const RuleSet& rules, const core::Principal& principal, std::string_view client_id)
      : rules_(rules),
        user_(as_level(principal.user)),
        client_(as_level(client_id)),
        roots_(rules.roots_of(principal, client_id)) {}

  /// Rules of the client's own are asked instead of the default, and beside the files' rules.
  void bring(std::unique_ptr<RuleSet> own, const core::Principal& principal,
             std::string_view client_id) {
    own_ = std::move(own);
    own_permit_ = std::make_unique<PermitOfRules>(*own_, principal, client_id);
  }

  bool can_publish(const core::PublishIntent& intent) const override {
    if (is_open()) return true;
    const AccessBits bit = access::publish(intent.qos, intent.retain);
    if (intent.topic.size() > remembered_bytes_max) return ask(intent.topic).is_allowed(bit);
    if (last_topic_ != intent.topic || last_topic_.empty()) {
      last_said_ = ask(intent.topic);
      last_topic_.assign(intent.topic);
    }
    return last_said_.is_allowed(bit);
  }
  bool can_receive(std::string_view topic) const override {
    return is_allowed(topic, access::receive);
  }
  std::optional<codec::Qos> can_subscribe(std::string_view filter,
                                          codec::Qos asked) const override {
    if (is_open()) return asked;
    const Said said = ask(filter);
    for (int qos = static_cast<int>(asked); qos >= 0; --qos)
      if (said.is_allowed(access::subscribe(static_cast<codec::Qos>(qos))))
        return static_cast<codec::Qos>(qos);
    const bool is_denied = (said.denied & access::subscribe_around) != 0;
    if (!is_denied && is_any_allowed(filter)) return asked;
    return std::nullopt;
  }

 private:
  bool is_open() const { return own_ == nullptr && rules_.otherwise() == RuleSet::Default::allow; }
  Said ask(std::string_view topic) const {
    Said said = rules_.trie().ask(roots_, topic, {user_, client_});
    if (own_permit_) {
      const Said more = own_permit_->ask(topic);
      said.allowed |= more.allowed;
      said.denied |= more.denied;
    }
    return said;
  }
  bool is_allowed(std::string_view topic, AccessBits bit) const {
    return is_open() || ask(topic).is_allowed(bit);
  }
  bool is_any_allowed(std::string_view filter) const {
    const auto is_in = [&](const RuleTrie::Root& root) {
      return rules_.trie().is_any_allowed(root, filter, {user_, client_}, access::subscribe_around);
    };
    return std::ranges::any_of(roots_, is_in) ||
           (own_permit_ && own_permit_->is_any_allowed(filter));
  }

  // A device mostly publishes where it published before. What the rules say does not change within
  // the life of a Permit; the topic is kept whole, for nobody is to be taken for another by a hash.
  static constexpr std::size_t remembered_bytes_max = 256;

  const RuleSet& rules_;
  mutable std::string last_topic_;
  mutable Said last_said_{};
  const std::string user_;
  const std::string client_;
  const std::vector<RuleTrie::Root> roots_;
  std::unique_ptr<RuleSet> own_;
  std::unique_ptr<PermitOfRules> own_permit_;
};

std::string key_of(const Subject& subject) {
  if (!subject.user.empty()) return "u" + subject.user;
  if (!subject.client.empty()) return "c" + subject.client;
  if (!subject.identity.empty()) return "i" + subject.identity;
  if (!subject.group.empty()) return "g" + subject.group;
  return {};
}

// %u and %c as the client has them; nothing if one of them may not stand there.
std::optional<std::string> filled(std::string_view filter, std::string_view user,
                                  std::string_view client) {
  std::string out;
  while (true) {
    const std::size_t end = std::min(filter.find('/'), filter.size());
    std::string_view level = filter.substr(0, end);
    if (level == "%u" || level == "%c") {
      level = as_level(level == "%u" ? user : client);
      if (level.empty()) return std::nullopt;
    }
    out += level;
    if (end == filter.size()) return out;
    out += '/';
    filter.remove_prefix(end + 1);
  }
}

}  // namespace

std::size_t RuleSet::count_levels(const RuleSource& source) {
  std::size_t levels = 0;
  for (const Rule& rule : source.rules)
    levels += 1 + static_cast<std::size_t>(std::ranges::count(rule.filter, '/'));
  return levels;
}

RuleSet::RuleSet(RuleSource source, Default otherwise)
    : source_(std::move(source)), otherwise_(otherwise) {
  RuleTrieBuilder builder(count_levels(source_));
  std::map<Subject, std::uint32_t> known;
  for (const Rule& rule : source_.rules) {
    const auto [found, is_new] = known.try_emplace(rule.subject, 0);
    if (is_new) {
      found->second = builder.add_root();
      by_key_[key_of(rule.subject)].push_back(places_.size());
      places_.push_back({.subject = rule.subject});
    }
    builder.add(found->second, rule.filter, rule.effect, rule.bits);
  }
  auto built = builder.build();
  trie_ = std::move(built.trie);
  for (std::size_t i = 0; i < places_.size(); ++i) places_[i].root = built.roots[i];
  for (std::size_t i = 0; i < source_.quotas.size(); ++i)
    quotas_by_key_[key_of(source_.quotas[i].subject)].push_back(i);
}

// All whose subject the client may meet, by what it is known by.
void RuleSet::for_each_of(const ByKey& by_key, const core::Principal& principal,
                          std::string_view client_id,
                          const std::function<void(std::size_t)>& visit) {
  const auto look = [&](const std::string& key) {
    if (const auto found = by_key.find(key); found != by_key.end())
      for (const std::size_t at : found->second) visit(at);
  };
  look({});
  if (!principal.user.empty()) look("u" + principal.user);
  look("c" + std::string(client_id));
  if (!principal.identity.empty()) look("i" + principal.identity);
  for (const std::string& group : principal.groups) look("g" + group);
}

core::OwnQuotas RuleSet::quotas_of(const core::Principal& known, std::string_view client_id) const {
  core::OwnQuotas own;
  if (source_.quotas.empty()) return own;
  const core::Principal principal = complete(known);
  std::vector<std::size_t> met;
  for_each_of(quotas_by_key_, principal, client_id, [&](std::size_t at) {
    if (is_met(source_.quotas[at].subject, principal, client_id)) met.push_back(at);
  });
  std::ranges::sort(met);
  for (const std::size_t at : met)
    for (std::size_t i = 0; i < core::quota_kinds; ++i)
      if (own.most[i] == core::OwnQuotas::as_configured)
        own.most[i] = source_.quotas[at].quotas.most[i];
  return own;
}

core::Principal RuleSet::complete(core::Principal principal) const {
  const auto found = source_.groups_of_user.find(principal.user);
  if (found != source_.groups_of_user.end())
    principal.groups.insert(principal.groups.end(), found->second.begin(), found->second.end());
  return principal;
}

std::vector<RuleTrie::Root> RuleSet::roots_of(const core::Principal& known,
                                              std::string_view client_id) const {
  const core::Principal principal = complete(known);
  std::vector<RuleTrie::Root> roots;
  for_each_of(by_key_, principal, client_id, [&](std::size_t at) {
    if (is_met(places_[at].subject, principal, client_id)) roots.push_back(places_[at].root);
  });
  return roots;
}

std::unique_ptr<core::Permit> RuleSet::permit(const core::Principal& principal,
                                              std::string_view client_id) const {
  auto made = std::make_unique<PermitOfRules>(*this, principal, client_id);
  if (principal.rules.empty()) return made;
  // What cannot be read allows nothing.
  auto own = parse_rules("rules of the client", principal.rules);
  made->bring(std::make_unique<RuleSet>(own ? std::move(*own) : RuleSource{}), principal,
              client_id);
  return made;
}

const Rule* RuleSet::deciding_rule(const core::Principal& known, std::string_view client_id,
                                   std::string_view topic, AccessBits bit) const {
  const core::Principal principal = complete(known);
  const Rule* first = nullptr;
  for (const Rule& rule : source_.rules) {
    if ((rule.bits & bit) == 0 || !is_met(rule.subject, principal, client_id)) continue;
    const auto filter = filled(rule.filter, principal.user, client_id);
    if (!filter || !codec::matches(*filter, topic)) continue;
    if (rule.effect == RuleEffect::deny) return &rule;
    if (first == nullptr) first = &rule;
  }
  return first;
}

}  // namespace sluice::auth
