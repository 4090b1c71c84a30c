// SPDX-License-Identifier: Apache-2.0
#include "codec/topic.h"

#include "codec/fault.h"
#include "codec/limit_kind.h"
#include "codec/topic_scan.h"
#include "codec/utf8.h"

#include <algorithm>

namespace sluice::codec {
namespace {

constexpr std::string_view share_prefix = "$share/";

// Not formed as the standard says. 0x8F and 0x90 are for those that are, and are not accepted.
Error bad_form(std::size_t offset, const char* detail) {
  return fault(ErrorCode::invalid_argument, ReasonCode::malformed_packet, offset, detail);
}
Error bad_share(std::size_t offset, const char* detail) {
  return fault(ErrorCode::invalid_argument, ReasonCode::protocol_error, offset, detail);
}

// What names and filters have in common.
Result<void> check_text(std::string_view text, const TopicLimits& limits, ReasonCode too_much) {
  if (text.size() > field_bytes_max)  // [MQTT5-4.7.3-3] [MQTT3-4.7.3-3]
    return fail(malformed(field_bytes_max, "topic is longer than 65,535 bytes"));
  if (text.size() > limits.bytes_max)
    return fail(limit_fault(too_much, limits.bytes_max, limit_text::topic_bytes));
  SLUICE_CHECK(check_utf8(text));                  // [MQTT5-4.7.3-2] [MQTT3-4.7.3-2]
  if (text.size() < limits.levels_max) return {};  // it cannot have too many
  const auto slashes = static_cast<std::size_t>(std::ranges::count(text, '/'));
  if (slashes >= limits.levels_max) return fail(limit_fault(too_much, 0, limit_text::topic_levels));
  return {};
}

}  // namespace

Result<void> check_topic_name(std::string_view topic, const TopicLimits& limits) {
  if (is_plain_topic(topic, limits)) return {};
  if (topic.empty())  // [MQTT5-4.7.3-1] [MQTT3-4.7.3-1]
    return fail(malformed(0, "topic name is empty"));
  SLUICE_CHECK(check_text(topic, limits, ReasonCode::topic_name_invalid));
  const std::size_t wildcard = find_wildcard(topic);
  if (wildcard != std::string_view::npos)  // [MQTT5-4.7.0-1] [MQTT3-4.7.1-1]
    return fail(bad_form(wildcard, "topic name holds a wildcard, + or #"));
  return {};
}

Result<void> check_topic_filter(std::string_view filter, const TopicLimits& limits) {
  if (is_plain_topic(filter, limits)) return {};
  if (filter.empty())  // [MQTT5-4.7.3-1] [MQTT3-4.7.3-1]
    return fail(malformed(0, "topic filter is empty"));
  SLUICE_CHECK(check_text(filter, limits, ReasonCode::topic_filter_invalid));
  TopicLevels levels(filter);
  while (const auto level = levels.next()) {
    const auto wildcard = find_wildcard(*level);
    if (wildcard == std::string_view::npos) continue;
    const auto offset = static_cast<std::size_t>(level->data() - filter.data()) + wildcard;
    if (level->size() != 1)  // [MQTT5-4.7.1-1] [MQTT5-4.7.1-2] [MQTT3-4.7.1-2] [MQTT3-4.7.1-3]
      return fail(bad_form(offset, "a wildcard must take a whole level of the filter"));
    if (level->front() == '#' && offset + 1 != filter.size())  // [MQTT5-4.7.1-1] [MQTT3-4.7.1-2]
      return fail(bad_form(offset, "# must be the last level of the filter"));
  }
  return {};
}

Result<SharedFilter> split_shared_filter(std::string_view filter) {
  if (!filter.starts_with(share_prefix)) return SharedFilter{.share_name = {}, .filter = filter};
  const auto rest = filter.substr(share_prefix.size());
  const auto name = rest.substr(0, rest.find('/'));
  if (name.empty())  // [MQTT5-4.8.2-1]
    return fail(bad_share(share_prefix.size(), "$share/ must be followed by a share name"));
  if (has_wildcard(name))  // [MQTT5-4.8.2-2]
    return fail(bad_share(share_prefix.size(), "a share name has no wildcards"));
  if (name.size() + 1 >= rest.size())  // [MQTT5-4.8.2-2]
    return fail(bad_share(filter.size(), "a share name must be followed by / and a topic filter"));
  return SharedFilter{.share_name = name, .filter = rest.substr(name.size() + 1)};
}

bool matches(std::string_view filter, std::string_view topic) {
  if (filter.empty() || topic.empty()) return false;
  if (topic.front() == '$' && (filter.front() == '+' || filter.front() == '#'))
    return false;  // [MQTT5-4.7.2-1] [MQTT3-4.7.2-1]
                   // [MQTT3-4.7.3-4] [MQTT5-4.7.3-4]
  TopicLevels wanted(filter);
  TopicLevels levels(topic);
  while (const auto want = wanted.next()) {
    if (*want == "#") return true;  // the parent level too
    const auto level = levels.next();
    if (!level || (*want != "+" && *want != *level)) return false;
  }
  return !levels.next().has_value();
}

}  // namespace sluice::codec
