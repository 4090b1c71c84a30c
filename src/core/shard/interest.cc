// SPDX-License-Identifier: Apache-2.0
#include "core/shard/interest.h"

#include "core/shard/mail_codec.h"

#include <algorithm>
#include <cstring>

namespace sluice::core {
namespace {

constexpr int prefix_levels_max = 3;
constexpr std::uint64_t step = 0x9e3779b97f4a7c15U;

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(hash ^ word) * 0xa0761d6478bd642fU;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Folds one level into the hash of the levels before it. Two prefixes that meet cost a needless
// letter, no more.
std::uint64_t add_level(std::uint64_t hash, std::string_view level) {
  hash = mix(hash + step, level.size());
  while (level.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, level.data(), 8);
    hash = mix(hash, word);
    level.remove_prefix(8);
  }
  std::uint64_t word = 0;
  std::memcpy(&word, level.data(), level.size());
  return mix(hash, word ^ step);
}

std::uint64_t key_of_filter(std::string_view filter, std::uint64_t seed) {
  std::uint64_t key = seed;
  for (int levels = 0; levels < prefix_levels_max; ++levels) {
    const std::size_t slash = filter.find('/');
    const std::string_view level = filter.substr(0, slash);
    if (level == "+" || level == "#") break;
    key = add_level(key, level);
    if (slash == std::string_view::npos) break;
    filter.remove_prefix(slash + 1);
  }
  return key;
}

}  // namespace

Interest::Interest(Context& context) : c_(context), confirmed_by_(context.setup.count) {
  SLUICE_ASSERT(context.setup.count <= shards_max);
}

void Interest::tell(std::uint64_t key, bool is_interested) {
  ++sequence_;
  mail::InterestChanged changed{key, sequence_, is_interested};
  for (std::uint16_t i = 0; i < c_.setup.count; ++i)
    if (ShardIndex{i} != c_.setup.index) mail::send(c_.mailer, ShardIndex{i}, changed);
}

void Interest::add(std::string_view filter, Keeps keeps) {
  if (c_.is_alone()) return;
  add_key(key_of_filter(filter, any_seed));
  if (keeps == Keeps::yes && c_.setup.has_log) add_key(key_of_filter(filter, keeping_seed));
}

void Interest::add_key(std::uint64_t key) {
  if (++own_[key] == 1) tell(key, true);
}

void Interest::remove(std::string_view filter, Keeps keeps) {
  if (c_.is_alone()) return;
  remove_key(key_of_filter(filter, any_seed));
  if (keeps == Keeps::yes && c_.setup.has_log) remove_key(key_of_filter(filter, keeping_seed));
}

void Interest::remove_key(std::uint64_t key) {
  const auto found = own_.find(key);
  SLUICE_ASSERT(found != own_.end());
  if (--found->second > 0) return;
  own_.erase(found);
  tell(key, false);
}

std::uint64_t Interest::masks_of(std::string_view topic, std::uint64_t seed) const {
  if (others_.empty()) return 0;
  std::uint64_t mask = 0;
  std::uint64_t key = seed;
  const auto look = [&] {
    const auto found = others_.find(key);
    if (found != others_.end()) mask |= found->second;
  };
  look();
  for (int levels = 0; levels < prefix_levels_max; ++levels) {
    const std::size_t slash = topic.find('/');
    key = add_level(key, topic.substr(0, slash));
    look();
    if (slash == std::string_view::npos) break;
    topic.remove_prefix(slash + 1);
  }
  return mask;
}

void Interest::on_changed(ShardIndex from, std::uint64_t key, bool is_interested) {
  const std::uint64_t bit = std::uint64_t{1} << index_of(from);
  if (is_interested) {
    others_[key] |= bit;
    return;
  }
  const auto found = others_.find(key);
  SLUICE_ASSERT(found != others_.end());
  found->second &= ~bit;
  if (found->second == 0) others_.erase(found);
}

bool Interest::on_confirmed(ShardIndex from, std::uint64_t sequence) {
  confirmed_by_[index_of(from)] = sequence;
  std::uint64_t least = sequence_;
  for (std::uint16_t i = 0; i < c_.setup.count; ++i)
    if (ShardIndex{i} != c_.setup.index) least = std::min(least, confirmed_by_[i]);
  return std::exchange(confirmed_, least) != least;
}

}  // namespace sluice::core
