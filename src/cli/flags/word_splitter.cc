// SPDX-License-Identifier: Apache-2.0
#include "cli/flags/word_splitter.h"

#include <algorithm>
#include <cctype>

namespace sluice::cli {
namespace {

bool looks_like_number(std::string_view word) {
  double number = 0;
  return parse_decimal(word, number);
}

bool is_flag_word(const FlagTable& table, std::string_view word) {
  if (word.size() < 2 || word[0] != '-') return false;
  return !looks_like_number(word) || find_flag(table, word[1]) != nullptr;
}

/// The flag whose value is the following word; null if none is.
const Flag* flag_waiting(const FlagTable& table, std::string_view word) {
  if (word.starts_with("--")) {
    const Flag* flag = find_flag(table, word.substr(2));
    return flag != nullptr && takes_value(*flag) ? flag : nullptr;
  }
  for (std::size_t at = 1; at < word.size(); ++at) {
    const Flag* flag = find_flag(table, word[at]);
    if (flag == nullptr) return nullptr;
    if (takes_value(*flag)) return at + 1 == word.size() ? flag : nullptr;
  }
  return nullptr;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

class Splitter {
 public:
  Splitter(const FlagTable& table, const std::vector<std::string>& words)
      : table_(table), words_(words) {}

  Parsed<SplitWords> run() {
    for (; at_ < words_.size(); ++at_) {
      const std::string& word = words_[at_];
      if (word == "--") {
        out_.words.insert(out_.words.end(), words_.begin() + next(), words_.end());
        break;
      }
      if (!is_flag_word(table_, word)) {
        out_.words.push_back(word);
        continue;
      }
      if (auto taken = take_flag(word); !taken) return std::unexpected(taken.error());
    }
    return std::move(out_);
  }

 private:
  std::ptrdiff_t next() const { return static_cast<std::ptrdiff_t>(at_) + 1; }

  Parsed<bool> take_flag(const std::string& word) {
    const Flag* flag = flag_waiting(table_, word);
    if (flag != nullptr && flag->kind == FlagKind::property) return take_property(word);
    out_.flags.push_back(word);
    if (flag == nullptr) return true;
    if (at_ + 1 == words_.size()) {
      return std::unexpected(UsageError{word + " needs a value: " + std::string(flag->value)});
    }
    out_.flags.push_back(words_[++at_]);
    return true;
  }

  Parsed<bool> take_property(const std::string& word) {
    const std::size_t left = words_.size() - at_ - 1;
    const bool is_pair = left >= 2 && words_[at_ + 2] == "user-property";
    const std::size_t needed = is_pair ? 4 : 3;
    if (left < needed) {
      return std::unexpected(
          UsageError{word + " needs COMMAND NAME VALUE, or COMMAND user-property NAME VALUE"});
    }
    out_.properties.push_back(PropertyWords{.command = lower(words_[at_ + 1]),
                                            .name = words_[at_ + 2],
                                            .value = words_[at_ + 3],
                                            .second = is_pair ? words_[at_ + 4] : std::string(),
                                            .has_second = is_pair});
    at_ += needed;
    return true;
  }

  const FlagTable& table_;
  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  SplitWords out_;
};

}  // namespace

Parsed<SplitWords> split_words(const FlagTable& table, const std::vector<std::string>& words) {
  return Splitter(table, words).run();
}

}  // namespace sluice::cli
