// SPDX-License-Identifier: Apache-2.0
#include "auth/rules/mosquitto_acl.h"

#include "auth/rules/filter_check.h"

#include <algorithm>
#include <optional>

namespace sluice::auth {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// The word in front; the rest without the blanks between.
std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find_first_of(blanks), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest = trimmed(rest.substr(end));
  return word;
}

struct Meaning {
  RuleEffect effect;
  AccessBits bits;
};

std::optional<Meaning> meaning_of(std::string_view word) {
  constexpr AccessBits read = access::receive | access::subscribe_around;
  if (word == "read") return Meaning{RuleEffect::allow, read};
  if (word == "write") return Meaning{RuleEffect::allow, access::any_publish};
  if (word == "readwrite") return Meaning{RuleEffect::allow, read | access::any_publish};
  if (word == "deny") return Meaning{RuleEffect::deny, access::everything};
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) { subject_.is_anonymous = true; }

  void read(std::string_view line) {
    ++line_;
    if (line.starts_with('#')) return;
    line = trimmed(line);
    if (line.empty()) return;
    std::string_view rest = line;
    const std::string_view word = take_word(rest);
    if (word == "user")
      on_user(rest);
    else if (word == "topic" || word == "pattern")
      on_topic(word, rest, line);
    else
      complain("'" + std::string(word) +
               "' is not known: a line begins with user, topic or pattern");
  }
  std::expected<RuleSource, Problems> finish() {
    if (!problems_.empty()) return std::unexpected(std::move(problems_));
    return std::move(source_);
  }

 private:
  void complain(std::string text) {
    problems_.push_back(problem_at(file_, line_, std::move(text)));
  }

  void on_user(std::string_view name) {
    if (name.empty()) return complain("`user` needs a user name");
    subject_ = {.user = std::string(name)};
  }
  void on_topic(std::string_view kind, std::string_view rest, std::string_view line) {
    std::string_view behind = rest;
    const auto said = meaning_of(take_word(behind));
    // A topic may be called "read".
    const bool has_access = said && !behind.empty();
    const Meaning meaning = has_access ? *said : *meaning_of("readwrite");
    const std::string_view filter = has_access ? behind : rest;
    const bool is_pattern = kind == "pattern";
    if (const auto wrong = what_is_wrong_with(filter)) return complain(*wrong);
    source_.rules.push_back({.effect = meaning.effect,
                             .subject = is_pattern ? Subject{} : subject_,
                             .bits = meaning.bits,
                             .filter = std::string(filter),
                             .line = line_,
                             .text = std::string(line)});
  }

  std::string_view file_;
  std::size_t line_ = 0;
  Subject subject_;
  RuleSource source_;
  Problems problems_;
};

}  // namespace

std::expected<RuleSource, Problems> parse_mosquitto_acl(std::string_view file,
                                                        std::string_view text) {
  Reader reader(file);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader.read(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return reader.finish();
}

}  // namespace sluice::auth
