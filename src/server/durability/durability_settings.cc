// SPDX-License-Identifier: Apache-2.0
#include "server/durability/durability_settings.h"

#include "codec/topic.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace sluice::server {
namespace {

using Mode = ServerOptions::Durability::Mode;

struct Word {
  std::string_view word;
  Mode mode;
};
constexpr std::array words{Word{"fsync", Mode::fsync}, Word{"os", Mode::os},
                           Word{"memory", Mode::memory}};

std::unexpected<std::string> refuse(std::string text) { return std::unexpected(std::move(text)); }

std::string word_of(Mode mode) {
  return std::string(std::ranges::find(words, mode, &Word::mode)->word);
}

bool is_filter(std::string_view filter) {
  const auto shared = codec::split_shared_filter(filter);
  return codec::check_topic_filter(filter) && shared && !shared->is_shared();
}

}  // namespace

core::Durability durability_of(Mode mode) {
  switch (mode) {
    case Mode::fsync:
      return core::Durability::fsync;
    case Mode::os:
      return core::Durability::os;
    case Mode::memory:
      break;
  }
  return core::Durability::memory;
}

core::Durability durability_of(ListenerOptions::Listener::Durability durability) {
  using From = ListenerOptions::Listener::Durability;
  switch (durability) {
    case From::broker:
    case From::fsync:
      break;
    case From::os:
      return core::Durability::os;
    case From::memory:
      return core::Durability::memory;
  }
  return core::Durability::fsync;
}

std::expected<void, std::string> check(const ListenerOptions& listener,
                                       const ServerOptions::Durability& options) {
  using From = ListenerOptions::Listener::Durability;
  const From from = listener.listener.durability;
  if (from == From::broker || durability_of(from) <= durability_of(options.mode)) return {};
  return refuse("listener.durability is safer than durability.mode, which is " +
                word_of(options.mode) + ": set that to the safest, and less for other listeners");
}

std::expected<core::DurabilityRules, std::string> durability_rules(
    const ServerOptions::Durability& options) {
  core::DurabilityRules rules;
  std::vector<std::string_view> filters;
  for (const std::string& text : options.topics) {
    const std::string quoted = "'" + text + "'";
    // A topic may hold a = too.
    const std::size_t at = text.rfind('=');
    if (at == std::string::npos)
      return refuse(quoted + " does not say how safe: write it as " + text + "=memory");
    const std::string_view filter = std::string_view(text).substr(0, at);
    const std::string_view mode = std::string_view(text).substr(at + 1);
    const auto found = std::ranges::find(words, mode, &Word::word);
    if (found == words.end())
      return refuse(quoted + ": '" + std::string(mode) + "' must be fsync, os or memory");
    if (!is_filter(filter)) return refuse(quoted + " does not begin with a topic filter");
    if (std::ranges::find(filters, filter) != filters.end())
      return refuse(quoted + ": the same filter stands before it");
    if (durability_of(found->mode) > durability_of(options.mode))
      return refuse(quoted + " is safer than durability.mode, which is " + word_of(options.mode) +
                    ": set that to the safest, and less for other topics");
    filters.push_back(filter);
    rules.add(std::string(filter), durability_of(found->mode));
  }
  return rules;
}

}  // namespace sluice::server
