// SPDX-License-Identifier: Apache-2.0
#include "cli/output/json_text.h"

namespace sluice::cli {
namespace {

/// Walks JSON that is known to be well formed and writes it with other white space.
class Layouter {
 public:
  Layouter(JsonLayout layout, std::string& out)
      : is_pretty_(layout == JsonLayout::pretty), out_(out) {}

  void run(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      const char c = text[at];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
      if (c == '"')
        at = copy_string(text, at);
      else
        put(c);
    }
  }

 private:
  std::size_t copy_string(std::string_view text, std::size_t from) {
    before_value();
    std::size_t at = from + 1;
    while (text[at] != '"') at += text[at] == '\\' ? 2 : 1;
    out_ += text.substr(from, at - from + 1);
    return at;
  }

  void put(char c) {
    switch (c) {
      case '{':
      case '[':
        before_value();
        open_.push_back(c);
        out_ += c;
        is_member_due_ = c == '{';
        if (c == '{' && is_pretty_) out_ += '\n';
        return;
      case '}':
      case ']':
        return close(c);
      case ',':
        out_ += is_pretty_ ? (open_.back() == '{' ? ",\n" : ", ") : ",";
        is_member_due_ = open_.back() == '{';
        return;
      case ':':
        out_ += is_pretty_ ? ":\t" : ":";
        return;
      default:
        before_value();
        out_ += c;
    }
  }

  void close(char c) {
    const bool is_object = open_.back() == '{';
    open_.pop_back();
    if (is_object && is_pretty_) {
      if (!is_member_due_) out_ += '\n';
      indent();
    }
    is_member_due_ = false;
    out_ += c;
  }

  void before_value() {
    if (is_member_due_ && is_pretty_) indent();
    is_member_due_ = false;
  }

  void indent() { out_.append(open_.size(), '\t'); }

  const bool is_pretty_;
  std::string& out_;
  std::string open_;            ///< the brackets around this place
  bool is_member_due_ = false;  ///< the next thing is a member's name, or the end of its object
};

}  // namespace

void append_laid_out(std::string_view text, JsonLayout layout, std::string& out) {
  Layouter(layout, out).run(text);
}

}  // namespace sluice::cli
