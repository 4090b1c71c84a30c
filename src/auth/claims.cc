// SPDX-License-Identifier: Apache-2.0
#include "auth/claims.h"

#include "auth/rules/rule_text.h"

#include <algorithm>

namespace sluice::auth::claims {
namespace {

using Json = nlohmann::json;

constexpr double seconds_max = 1e11;  // beyond every calendar

struct Word {
  const char* claim;
  const char* what;
};
constexpr Word words[] = {{"pub", "publish"},
                          {"publish", "publish"},
                          {"sub", "read"},
                          {"subscribe", "read"},
                          {"all", "all"}};

// As text of our own rules, which are checked by who reads such text.
std::expected<std::string, std::string> rules_of(const Json& acl) {
  if (!acl.is_object()) return std::unexpected("acl is no object");
  std::string rules = "# of the client\n";
  for (const Word& word : words)
    for (const std::string& filter : texts_at(acl, word.claim)) {
      if (filter.find_first_of("\"\n\r") != std::string::npos)
        return std::unexpected("acl holds a filter that cannot be written as a rule");
      rules += std::string("allow everyone ") + word.what + " \"" + filter + "\"\n";
    }
  if (!parse_rules("acl", rules)) return std::unexpected("acl holds what is no topic filter");
  return rules;
}

}  // namespace

std::string text_at(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> texts_at(const Json& object, const std::string& name) {
  std::vector<std::string> texts;
  const auto found = object.find(name);
  if (found == object.end()) return texts;
  if (found->is_string()) texts.push_back(found->get<std::string>());
  if (found->is_array())
    for (const Json& each : *found)
      if (each.is_string()) texts.push_back(each.get<std::string>());
  return texts;
}

std::optional<std::int64_t> seconds_at(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return static_cast<std::int64_t>(std::clamp(found->get<double>(), 0.0, seconds_max));
}

std::expected<core::Principal, std::string> principal_of(const Json& object, const Names& names) {
  core::Principal who;
  who.user = text_at(object, names.user);
  who.groups = texts_at(object, names.groups);
  const auto acl = object.find("acl");
  if (acl == object.end()) return who;
  auto rules = rules_of(*acl);
  if (!rules) return std::unexpected(std::move(rules.error()));
  who.rules = std::move(*rules);
  return who;
}

}  // namespace sluice::auth::claims
