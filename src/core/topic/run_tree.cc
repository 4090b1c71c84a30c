// SPDX-License-Identifier: Apache-2.0
#include "core/topic/run_tree.h"

#include "base/assert.h"

#include <algorithm>
#include <cstring>

namespace sluice::core::topic {
namespace {

/// The word of a branch that says which lengths of this kind of run exist in it, and the bit.
std::uint64_t& lengths(Branch& branch, RunKind kind) {
  if (kind == RunKind::end) return branch.end_levels;
  return kind == RunKind::hash ? branch.hash_levels : branch.plus_levels;
}

std::uint64_t length_bit(Shape shape) {
  return 1ULL << (shape.kind() == RunKind::more ? 63 : shape.levels());
}

std::uint64_t shape_key(std::uint32_t branch, Shape shape) {
  return std::uint64_t{branch} << 8 | shape.byte;
}

}  // namespace

RunTree::RunTree(const HashKey& key) : key_(key), own_(key) {
  const std::uint32_t root = branches_.add({});
  SLUICE_ASSERT(root == root_branch);
}

std::string_view RunTree::text(const Run& run) const {
  if (run.size <= Run::inline_max) return {run.text.data(), run.size};
  TextId id{};
  std::memcpy(&id, run.text.data(), sizeof id);
  return {texts_.data(id), run.size};
}

/// The run that begins at this level of the filter in own_.
RunTree::Step RunTree::step(std::uint32_t level) const {
  std::uint32_t end = level;
  const auto is_literal = [this](std::uint32_t i) {
    return own_.path.level(i) != "+" && own_.path.level(i) != "#";
  };
  while (end < own_.path.size() && end - level <= run_levels_max && is_literal(end)) ++end;
  const std::uint32_t levels = end - level;
  if (levels > run_levels_max)
    return {level, Shape::of(RunKind::more, run_levels_max), level + run_levels_max};
  if (end == own_.path.size()) return {level, Shape::of(RunKind::end, levels), end};
  if (own_.path.level(end) == "+") return {level, Shape::of(RunKind::plus, levels), end + 1};
  return {level, Shape::of(RunKind::hash, levels), end + 1};
}

std::uint32_t RunTree::place_of(std::uint32_t branch, const Step& step) const {
  std::uint64_t hash = own_.path.run_hash(branch);
  for (std::uint32_t i = 0; i < step.shape.levels(); ++i)
    hash = own_.path.extend(hash, step.level + i);
  return own_.path.place(hash, step.shape);
}

bool RunTree::is_run(std::uint32_t value, std::uint32_t branch, Shape shape,
                     std::string_view expected) const {
  if (((value & branch_bit) != 0) != shape.is_branch()) return false;
  const Run& run = this->run(value);
  return run.parent == branch && run.shape == shape && text(run) == expected;
}

std::uint32_t RunTree::find_run(const Walk& walk, const Probe& probe) const {
  const std::string_view expected = walk.path.levels(walk.at.level, probe.shape.levels());
  if (probe.found != HashIndex::absent &&
      is_run(probe.found, walk.at.branch, probe.shape, expected))
    return probe.found;
  return runs_.find(probe.place, [&](std::uint32_t value) {
    return is_run(value, walk.at.branch, probe.shape, expected);
  });
}

std::uint32_t RunTree::find(std::string_view filter) {
  own_.path.assign(filter);
  own_.at = {root_branch, 0};
  for (;;) {
    const Step next = step(own_.at.level);
    const std::uint32_t place = place_of(own_.at.branch, next);
    const std::uint32_t value = find_run(own_, {place, HashIndex::absent, next.shape});
    if (value == HashIndex::absent) return none;
    if (!next.shape.is_branch()) return value;
    own_.at = {value & ~branch_bit, next.next_level};
  }
}

std::uint32_t RunTree::obtain(std::string_view filter) {
  SLUICE_ASSERT(!filter.empty());
  own_.path.assign(filter);
  own_.at = {root_branch, 0};
  for (;;) {
    const Step next = step(own_.at.level);
    const std::uint32_t place = place_of(own_.at.branch, next);
    std::uint32_t value = find_run(own_, {place, HashIndex::absent, next.shape});
    if (value == HashIndex::absent) {
      memo_.forget_all();
      value = add_run(own_.at.branch, next);
      runs_.insert(place, value);
    }
    if (!next.shape.is_branch()) return value;
    own_.at = {value & ~branch_bit, next.next_level};
  }
}

std::uint32_t RunTree::add_run(std::uint32_t branch, const Step& step) {
  const std::string_view content = own_.path.levels(step.level, step.shape.levels());
  SLUICE_ASSERT(content.size() <= 0xffff);
  Run run{
      .parent = branch, .size = static_cast<std::uint16_t>(content.size()), .shape = step.shape};
  if (content.size() <= Run::inline_max) {
    std::copy(content.begin(), content.end(), run.text.begin());
  } else {
    const TextId id = texts_.add(content);
    std::memcpy(run.text.data(), &id, sizeof id);
  }
  Branch& parent = branches_[branch];
  ++parent.runs;
  add_length(parent, branch, step.shape);
  if (!step.shape.is_branch()) {
    Leaf leaf;
    leaf.run = run;
    return leaves_.add(leaf);
  }
  Branch child;
  child.run = run;
  return branches_.add(child) | branch_bit;
}

void RunTree::add_length(Branch& branch, std::uint32_t index, Shape shape) {
  std::uint64_t& word = lengths(branch, shape.kind());
  const std::uint64_t bit = length_bit(shape);
  if ((word & bit) == 0) {
    word |= bit;
    return;
  }
  const auto [count, is_second] = same_shape_.try_emplace(shape_key(index, shape), 2U);
  if (!is_second) ++count->second;
}

void RunTree::remove_length(Branch& branch, std::uint32_t index, Shape shape) {
  const auto count = same_shape_.find(shape_key(index, shape));
  if (count == same_shape_.end())
    lengths(branch, shape.kind()) &= ~length_bit(shape);
  else if (--count->second == 1)
    same_shape_.erase(count);
}

void RunTree::remove(std::uint32_t leaf) {
  memo_.forget_all();
  std::uint32_t value = leaf;
  for (;;) {
    const Run run = this->run(value);
    remove_run(run, value);
    Branch& parent = branches_[run.parent];
    SLUICE_ASSERT(parent.runs > 0);
    --parent.runs;
    remove_length(parent, run.parent, run.shape);
    if (parent.runs > 0 || run.parent == root_branch) return;
    value = run.parent | branch_bit;
  }
}

/// Takes the record and its place in the index away; its parent is the caller's to see to.
void RunTree::remove_run(const Run& run, std::uint32_t value) {
  const std::string_view content = text(run);
  Step whole{0, run.shape, 0};
  if (run.shape.levels() > 0) own_.path.assign(content);
  runs_.erase(place_of(run.parent, whole), value);
  if (run.size > Run::inline_max) {
    TextId id{};
    std::memcpy(&id, run.text.data(), sizeof id);
    texts_.remove(id, run.size);
  }
  if ((value & branch_bit) != 0)
    branches_.remove(value & ~branch_bit);
  else
    leaves_.remove(value);
}

void RunTree::append_filter(std::uint32_t leaf, std::string& out) const {
  std::vector<std::uint32_t> branches;
  for (std::uint32_t b = leaves_[leaf].run.parent; b != root_branch; b = branches_[b].run.parent)
    branches.push_back(b);
  bool is_first = true;
  const auto append = [&](const Run& run) {
    if (run.shape.levels() > 0) {
      if (!is_first) out += '/';
      out += text(run);
      is_first = false;
    }
    if (run.shape.kind() == RunKind::end || run.shape.kind() == RunKind::more) return;
    if (!is_first) out += '/';
    out += run.shape.kind() == RunKind::plus ? '+' : '#';
    is_first = false;
  };
  for (auto b = branches.rbegin(); b != branches.rend(); ++b) append(branches_[*b].run);
  append(leaves_[leaf].run);
}

/// What the runs of a branch could be, behind these levels of the topic.
void RunTree::collect(Walk& walk) const {
  const std::uint32_t index = walk.at.branch;
  const std::uint32_t level = walk.at.level;
  const Branch& branch = branches_[index];
  const std::uint32_t left = walk.path.size() - level;
  std::uint64_t plus = branch.plus_levels & ~more_bit;
  std::uint64_t hash = branch.hash_levels;
  std::uint64_t end = 0;
  if (left <= run_levels_max) {
    end = branch.end_levels & 1ULL << left;
    hash &= (2ULL << left) - 1;
    plus &= (1ULL << left) - 1;
  }
  // A filter that begins with a wildcard does not match a topic that begins with '$'.
  // [MQTT3-4.7.2-1] [MQTT5-4.7.2-1]
  if (index == root_branch && walk.path.level(0).starts_with('$')) {
    plus &= ~1ULL;
    hash &= ~1ULL;
  }
  const bool has_more = (branch.plus_levels & more_bit) != 0 && left > run_levels_max;
  std::uint64_t hash_so_far = walk.path.run_hash(index);
  std::uint32_t levels = 0;
  const auto extend_to = [&](std::uint32_t length) {
    for (; levels < length; ++levels) hash_so_far = walk.path.extend(hash_so_far, level + levels);
  };
  const auto add = [&](RunKind kind) {
    const Shape shape = Shape::of(kind, levels);
    const std::uint32_t place = walk.path.place(hash_so_far, shape);
    runs_.prefetch(place);
    walk.probes.add(place, shape);
  };
  for (std::uint64_t any = plus | hash | end; any != 0; any &= any - 1) {
    const std::uint64_t bit = any & (~any + 1);
    extend_to(static_cast<std::uint32_t>(std::countr_zero(any)));
    if ((end & bit) != 0) add(RunKind::end);
    if ((hash & bit) != 0) add(RunKind::hash);
    if ((plus & bit) != 0) add(RunKind::plus);
  }
  if (has_more) {
    extend_to(run_levels_max);
    add(RunKind::more);
  }
}

/// Starts the reads of all records that the probes will compare, so that they overlap.
void RunTree::fetch(Probes& probes) const {
  for (std::uint32_t i = 0; i < probes.count; ++i) {
    Probe& probe = probes.at[i];
    probe.found = runs_.candidate(probe.place);
    if (probe.found != HashIndex::absent) __builtin_prefetch(&run(probe.found));
  }
}

std::size_t RunTree::bytes() const {
  const std::size_t counted =
      same_shape_.bucket_count() * (sizeof(decltype(same_shape_)::value_type) + 1);
  std::size_t lanes = lanes_.capacity() * sizeof(Lane);
  for (const Lane& lane : lanes_) lanes += lane.path.bytes();
  return sizeof *this + leaves_.bytes() + branches_.bytes() + texts_.bytes() + runs_.bytes() +
         memo_.bytes() + counted + lanes;
}

}  // namespace sluice::core::topic
