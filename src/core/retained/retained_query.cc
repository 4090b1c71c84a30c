// SPDX-License-Identifier: Apache-2.0
#include "core/retained/retained_query.h"

#include "base/assert.h"

namespace sluice::core {
namespace {

constexpr auto npos = std::string_view::npos;

/// Where the level that begins here ends.
std::size_t level_end(std::string_view text, std::size_t begin) {
  const std::size_t slash = text.find('/', begin);
  return slash == npos ? text.size() : slash;
}

}  // namespace

RetainedQuery::RetainedQuery(std::string_view filter) : filter_(filter), resume_(filter) {
  SLUICE_ASSERT(!filter.empty());
  const std::size_t wildcard = filter.find_first_of("+#");
  if (wildcard != npos) resume_.resize(wildcard == 0 ? 0 : wildcard - 1);
}

/// What to do about a topic that is not before resume_: it matches; go on with the next one; or
/// with the first that is not before resume_, which is now behind it; or nothing further can match.
RetainedQuery::Verdict RetainedQuery::judge(std::string_view topic) {
  // [MQTT3-4.7.2-1] [MQTT5-4.7.2-1]
  if (topic.starts_with('$') && (filter_[0] == '+' || filter_[0] == '#')) {
    resume_.assign(1, '$' + 1);
    return Verdict::jump;
  }
  plus_end_ = npos;
  std::size_t f = 0;
  std::size_t t = 0;
  for (;;) {
    const std::size_t f_end = level_end(filter_, f);
    const std::size_t t_end = level_end(topic, t);
    const std::string_view wanted = std::string_view(filter_).substr(f, f_end - f);
    const std::string_view level = topic.substr(t, t_end - t);
    if (wanted == "#") return Verdict::match;
    if (wanted == "+") {
      plus_end_ = t_end;
    } else if (wanted != level) {
      return topic_order(level, wanted) < 0 ? jump_to(topic.substr(0, t), wanted)
                                            : jump_past_plus(topic);
    }
    if (f_end == filter_.size())
      return t_end == topic.size() ? Verdict::match : jump_past_plus(topic);
    if (t_end == topic.size()) return judge_parent(topic, f_end + 1);
    f = f_end + 1;
    t = t_end + 1;
  }
}

/// The topic ends where the filter goes on with the level at `f`.
RetainedQuery::Verdict RetainedQuery::judge_parent(std::string_view topic, std::size_t f) {
  const std::string_view wanted = std::string_view(filter_).substr(f, level_end(filter_, f) - f);
  if (wanted == "#") return Verdict::match;
  if (wanted == "+") return Verdict::step;
  jump_to(topic, "/");
  resume_ += wanted;
  return Verdict::jump;
}

RetainedQuery::Verdict RetainedQuery::jump_to(std::string_view topic, std::string_view behind) {
  resume_.assign(topic).append(behind);
  return Verdict::jump;
}

/// Nothing that begins like the topic up to the level of the last '+' can match any more.
RetainedQuery::Verdict RetainedQuery::jump_past_plus(std::string_view topic) {
  if (plus_end_ == npos) return Verdict::done;
  return jump_to(topic.substr(0, plus_end_), "\x01");
}

}  // namespace sluice::core
