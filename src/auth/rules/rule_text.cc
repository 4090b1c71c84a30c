// SPDX-License-Identifier: Apache-2.0
#include "auth/rules/rule_text.h"

#include "auth/rules/filter_check.h"
#include "config/quantity.h"

#include <algorithm>
#include <optional>

namespace sluice::auth {
namespace {

constexpr std::string_view blanks = " \t\r";

// A word, or what stands in double quotes. Nothing if a quote is not closed.
std::optional<std::vector<std::string>> split(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    if (line.front() != '"') {
      const std::size_t end = std::min(line.find_first_of(blanks), line.size());
      words.emplace_back(line.substr(0, end));
      line.remove_prefix(end);
      continue;
    }
    const std::size_t end = line.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    words.emplace_back(line.substr(1, end - 1));
    line.remove_prefix(end + 1);
  }
}

struct What {
  std::string_view word;
  AccessBits bits;
};
constexpr What whats[] = {
    {"publish", access::any_publish},
    {"write", access::any_publish},
    {"subscribe", access::any_subscribe},
    {"receive", access::receive},
    {"read", access::any_subscribe | access::receive},
    {"all", access::any_publish | access::any_subscribe | access::receive},
    {"readwrite", access::any_publish | access::any_subscribe | access::receive},
};

constexpr AccessBits bits_up_to(codec::Qos most) {
  AccessBits bits = access::receive | access::subscribe_around;
  for (unsigned qos = 0; qos <= static_cast<unsigned>(most); ++qos) {
    const auto each = static_cast<codec::Qos>(qos);
    bits = static_cast<AccessBits>(bits | access::publish(each, false) |
                                   access::publish(each, true) | access::subscribe(each));
  }
  return bits;
}

constexpr AccessBits retained_bits = access::publish(codec::Qos::at_most_once, true) |
                                     access::publish(codec::Qos::at_least_once, true) |
                                     access::publish(codec::Qos::exactly_once, true);

// By core::Quota.
constexpr std::string_view quota_words[core::quota_kinds] = {"connections", "subscriptions",
                                                             "queue_bytes", "retained_messages"};

/// One line: its words, from the first to the last.
class Line {
 public:
  explicit Line(const std::vector<std::string>& words) : words_(words) {}

  std::expected<Rule, std::string> rule() {
    Rule rule;
    rule.effect = words_[at_++] == "deny" ? RuleEffect::deny : RuleEffect::allow;
    if (auto wrong = read_subject(rule.subject)) return std::unexpected(*wrong);
    const std::string what = next();
    const auto found = std::ranges::find(whats, what, &What::word);
    if (found == std::end(whats))
      return std::unexpected("'" + what +
                             "' cannot be allowed or denied; there are publish (write), subscribe, "
                             "receive, read and all");
    rule.bits = found->bits;
    // To deny reading is also to deny the way around it.
    if (rule.effect == RuleEffect::deny && (rule.bits & access::any_subscribe) != 0)
      rule.bits |= access::subscribe_around;
    rule.filter = next();
    if (auto wrong = what_is_wrong_with(rule.filter)) return std::unexpected(*wrong);
    if (auto wrong = read_limits(rule)) return std::unexpected(*wrong);
    return rule;
  }

  std::expected<QuotaRule, std::string> quota() {
    QuotaRule rule;
    ++at_;
    if (auto wrong = read_subject(rule.subject)) return std::unexpected(*wrong);
    do {
      const std::string word = next();
      const auto found = std::ranges::find(quota_words, word);
      if (found == std::end(quota_words))
        return std::unexpected("'" + word +
                               "' is no quota; there are connections, subscriptions, queue_bytes "
                               "and retained_messages");
      const auto number = config::parse_bytes(next());
      if (!number) return std::unexpected("behind " + word + " comes a number; 0 is no limit");
      rule.quotas.most[static_cast<std::size_t>(found - std::begin(quota_words))] =
          static_cast<std::uint64_t>(*number);
    } while (at_ < words_.size());
    return rule;
  }

 private:
  std::string next() { return at_ < words_.size() ? words_[at_++] : std::string(); }

  std::optional<std::string> read_subject(Subject& subject) {
    if (at_ < words_.size() && (words_[at_] == "everyone" || words_[at_] == "anonymous")) {
      subject.is_anonymous = words_[at_++] == "anonymous";
      return std::nullopt;
    }
    struct Part {
      std::string_view word;
      std::string Subject::* field;
    };
    static constexpr Part parts[] = {{"user", &Subject::user},
                                     {"group", &Subject::group},
                                     {"client", &Subject::client},
                                     {"identity", &Subject::identity},
                                     {"listener", &Subject::listener}};
    const std::size_t before = at_;
    while (at_ < words_.size()) {
      const auto part = std::ranges::find(parts, words_[at_], &Part::word);
      if (part == std::end(parts)) break;
      ++at_;
      const std::string name = next();
      if (name.empty()) return "'" + words_[at_ - 1] + "' needs a name behind it";
      subject.*(part->field) = name;
    }
    if (at_ > before) return std::nullopt;
    return "behind " + words_.front() +
           " comes everyone, anonymous, or user, group, client, identity or listener with a name";
  }

  std::optional<std::string> read_limits(Rule& rule) {
    while (at_ < words_.size()) {
      const std::string word = next();
      const std::string value = next();
      if (word == "qos" && (value == "0" || value == "1" || value == "2"))
        rule.bits &= bits_up_to(static_cast<codec::Qos>(value[0] - '0'));
      else if (word == "retain" && value == "no")
        rule.bits &= static_cast<AccessBits>(~retained_bits);
      else if (word != "retain" || value != "yes")
        return "'" + word + " " + value +
               "' is not known behind the filter; there are qos 0|1|2 and retain yes|no";
    }
    return std::nullopt;
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
};

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  void read(std::string_view line) {
    ++line_;
    const auto words = split(line);
    if (!words) return complain("a quote is not closed");
    if (words->empty() || words->front().starts_with('#')) return;
    if (words->front() == "group") return on_group(*words);
    if (words->front() == "quota") return on_quota(*words);
    if (words->front() != "allow" && words->front() != "deny")
      return complain("'" + words->front() +
                      "' is not known: a line begins with allow, deny, group or quota");
    auto rule = Line(*words).rule();
    if (!rule) return complain(rule.error());
    rule->line = line_;
    rule->text = line;
    source_.rules.push_back(std::move(*rule));
  }
  std::expected<RuleSource, Problems> finish() {
    if (!problems_.empty()) return std::unexpected(std::move(problems_));
    return std::move(source_);
  }

 private:
  void complain(std::string text) {
    problems_.push_back(problem_at(file_, line_, std::move(text)));
  }
  void on_group(const std::vector<std::string>& words) {
    if (words.size() < 3) return complain("a group is: group NAME USER…");
    for (std::size_t i = 2; i < words.size(); ++i)
      source_.groups_of_user[words[i]].push_back(words[1]);
  }

  void on_quota(const std::vector<std::string>& words) {
    auto rule = Line(words).quota();
    if (!rule) return complain(rule.error());
    source_.quotas.push_back(std::move(*rule));
  }

  std::string_view file_;
  std::size_t line_ = 0;
  RuleSource source_;
  Problems problems_;
};

}  // namespace

std::expected<RuleSource, Problems> parse_rules(std::string_view file, std::string_view text) {
  Reader reader(file);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader.read(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.finish();
}

}  // namespace sluice::auth
