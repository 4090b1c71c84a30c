// SPDX-License-Identifier: Apache-2.0
#include "auth/rules/rule_files.h"

#include "auth/rules/mosquitto_acl.h"
#include "auth/rules/rule_text.h"
#include "os/file.h"
#include "os/system_error.h"

namespace sluice::auth {
namespace {

constexpr std::size_t rule_file_bytes_max = std::size_t{256} << 20;

using Parse = std::expected<RuleSource, Problems> (*)(std::string_view, std::string_view);

// Appends what the file says to `all`.
void load(const std::string& path, Parse parse, RuleSource& all, Problems& problems) {
  const auto text = os::read_file(path, rule_file_bytes_max);
  if (!text) {
    problems.push_back({path, "cannot be read: " + os::describe(text.error())});
    return;
  }
  auto read = parse(path, *text);
  if (!read) {
    problems.insert(problems.end(), read.error().begin(), read.error().end());
    return;
  }
  for (Rule& rule : read->rules) {
    rule.file = path;
    all.rules.push_back(std::move(rule));
  }
  all.quotas.insert(all.quotas.end(), read->quotas.begin(), read->quotas.end());
  for (auto& [user, groups] : read->groups_of_user) {
    auto& known = all.groups_of_user[user];
    known.insert(known.end(), groups.begin(), groups.end());
  }
}

}  // namespace

std::expected<std::unique_ptr<const RuleSet>, Problems> load_rules(const AuthOptions& options) {
  const auto& chosen = options.acl;
  if (chosen.rules_file.empty() && chosen.acl_file.empty()) {
    // Some clients may bring rules of their own; the others may do all.
    const bool may_be_brought =
        !options.auth_http.url.empty() || !options.jwt.keys_file.empty() ||
        !options.jwt.keys_url.empty() || !options.jwt.secret_file.empty() ||
        (!options.auth_postgres.connection.empty() && !options.auth_postgres.rules_query.empty());
    if (!may_be_brought) return nullptr;
    return std::make_unique<const RuleSet>(RuleSource{}, RuleSet::Default::allow);
  }
  RuleSource all;
  Problems problems;
  if (!chosen.rules_file.empty()) load(chosen.rules_file, parse_rules, all, problems);
  if (!chosen.acl_file.empty()) load(chosen.acl_file, parse_mosquitto_acl, all, problems);
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return std::make_unique<const RuleSet>(std::move(all));
}

}  // namespace sluice::auth
