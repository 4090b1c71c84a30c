// SPDX-License-Identifier: Apache-2.0
//
// Matches of several topics side by side: each step is made for all of them before the next one, so
// that what one has to wait for from memory is read while the others are attended to.
#include "base/assert.h"
#include "core/topic/run_tree.h"

namespace sluice::core::topic {
namespace {

// A topic that needs more is not worth a walk that may be in vain.
constexpr std::uint32_t branches_max = 16;

}  // namespace

void RunTree::Lane::begin(std::string_view name, std::uint64_t its_hash) {
  topic = name;
  hash = its_hash;
  path.assign(name);
  pending.assign(1, {root_branch, 0});
  count = 0;
  branches = 0;
}

/// Whether there is a branch to look into, which is `at` then.
bool RunTree::Lane::step() {
  probes.count = 0;
  if (pending.empty()) return false;
  at = pending.back();
  pending.pop_back();
  if (count <= TopicMemo::leaves_max && ++branches <= branches_max) return true;
  count = TopicMemo::leaves_max + 1;
  pending.clear();
  return false;
}

void RunTree::look_ahead(std::span<const std::string_view> topics) {
  SLUICE_ASSERT(topics.size() <= ahead_max);
  lanes_.reserve(ahead_max);
  while (lanes_.size() < ahead_max) lanes_.emplace_back(key_);
  std::size_t used = 0;
  for (const std::string_view topic : topics) {
    if (topic.empty() || topic.size() > TopicMemo::topic_bytes_max) continue;
    const std::uint64_t hash = own_.path.hash(topic);
    std::uint32_t count = 0;
    if (memo_.find(hash, topic, count) == nullptr) lanes_[used++].begin(topic, hash);
  }
  const std::span<Lane> lanes(lanes_.data(), used);
  for (bool has_more = true; has_more;) {
    has_more = false;
    for (Lane& lane : lanes) {
      if (!lane.step()) continue;
      has_more = true;
      collect(lane);
    }
    for (Lane& lane : lanes) fetch(lane.probes);
    for (const Lane& lane : lanes) fetch_texts(lane.probes);
    for (Lane& lane : lanes) take(lane);
  }
  for (const Lane& lane : lanes)
    if (lane.count <= lane.found.size())
      memo_.put(lane.hash, lane.topic, {lane.found.data(), lane.count});
}

/// Starts the reads of those texts that do not stand in their records.
void RunTree::fetch_texts(const Probes& probes) const {
  for (std::uint32_t i = 0; i < probes.count; ++i) {
    if (probes.at[i].found == HashIndex::absent) continue;
    const std::string_view text = this->text(run(probes.at[i].found));
    __builtin_prefetch(text.data());
    if (!text.empty()) __builtin_prefetch(text.data() + text.size() - 1);
  }
}

/// In the order in which go() comes to them.
void RunTree::take(Lane& lane) const {
  for (std::uint32_t i = 0; i < lane.probes.count; ++i) {
    const Probe& probe = lane.probes.at[i];
    if (probe.found == HashIndex::absent) continue;
    const std::uint32_t value = find_run(lane, probe);
    if (value == HashIndex::absent) continue;
    if (probe.shape.is_branch()) {
      lane.push(value, probe.shape);
    } else {
      if (lane.count < lane.found.size()) lane.found[lane.count] = value;
      ++lane.count;
    }
  }
}

}  // namespace sluice::core::topic
