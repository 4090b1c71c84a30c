// SPDX-License-Identifier: Apache-2.0
#include "client/machine/topic_aliases.h"

namespace sluice::client {
namespace {

Failure refuse_alias(codec::ReasonCode reason, const char* detail) {
  return fail(Error{.code = ErrorCode::protocol_error,
                    .reason = static_cast<std::uint8_t>(reason),
                    .detail = detail});
}

}  // namespace

void TopicAliases::start(std::uint16_t maximum) {
  maximum_ = maximum;
  topics_.clear();  // [MQTT5-3.3.2-7]
}

Result<void> TopicAliases::resolve(codec::Publish& publish) {
  const auto alias = publish.properties.number(codec::PropertyId::topic_alias);
  if (!alias) {
    if (publish.topic.empty()) {
      return refuse_alias(codec::ReasonCode::protocol_error,
                          "a PUBLISH has neither topic nor alias");
    }
    return {};
  }
  if (*alias == 0 || *alias > maximum_) {  // [MQTT5-3.3.2-10]
    return refuse_alias(codec::ReasonCode::topic_alias_invalid,
                        "a topic alias is above our maximum");
  }
  if (topics_.size() < *alias) topics_.resize(*alias);
  std::string& topic = topics_[*alias - 1];
  if (!publish.topic.empty()) {
    topic.assign(publish.topic);
  } else if (topic.empty()) {
    return refuse_alias(codec::ReasonCode::protocol_error, "a topic alias was never given a topic");
  }
  publish.topic = topic;
  return {};
}

}  // namespace sluice::client
