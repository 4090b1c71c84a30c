// SPDX-License-Identifier: Apache-2.0
#include "client/library/subscriptions.h"

#include "base/siphash.h"
#include "codec/topic.h"

#include <algorithm>
#include <utility>

namespace sluice::client {
namespace {

constexpr std::uint32_t ids = 268'435'455;  // what the wire can carry

bool is_simple(std::string_view filter) {
  return !codec::has_wildcard(filter) && !filter.starts_with("$share/");
}

bool fits(std::string_view filter, std::string_view topic) {
  const auto parts = codec::split_shared_filter(filter);
  return parts && codec::matches(parts->filter, topic);
}

}  // namespace

// From the filter's own text, so that the identifiers of a session that outlives the program mean
// the same in its next run.
std::uint32_t Subscriptions::new_id(std::string_view filter) const {
  auto id = static_cast<std::uint32_t>(siphash_2_4(HashKey{}, as_bytes(filter)) % ids) + 1;
  while (by_id_.contains(id)) id = id % ids + 1;
  return id;
}

Subscriptions::Entry& Subscriptions::at(const std::string& filter) {
  if (Entry* known = find(filter)) return *known;
  auto entry = std::make_unique<Entry>();
  entry->filter = filter;
  entry->id = new_id(filter);
  Entry& made = *entries_.emplace(filter, std::move(entry)).first->second;
  by_id_.emplace(made.id, &made);
  if (!is_simple(filter)) with_wildcards_.push_back(&made);
  return made;
}

Subscriptions::Entry* Subscriptions::find(std::string_view filter) {
  const auto found = entries_.find(filter);
  return found == entries_.end() ? nullptr : found->second.get();
}

void Subscriptions::on_sent(Entry& entry, codec::PacketId packet) {
  sent_.insert_or_assign(packet, entry.filter);
  ++entry.under_way;
  entry.must_send = false;
}

Subscriptions::Entry* Subscriptions::take_sent(codec::PacketId packet) {
  const auto found = sent_.find(packet);
  if (found == sent_.end()) return nullptr;
  Entry* const entry = find(found->second);
  sent_.erase(found);
  if (entry != nullptr && entry->under_way > 0) --entry->under_way;
  return entry;
}

void Subscriptions::forget_sent() {
  sent_.clear();
  for (auto& [filter, entry] : entries_) entry->under_way = 0;
}

void Subscriptions::remove(std::string_view filter) {
  const auto found = entries_.find(filter);
  if (found == entries_.end()) return;
  by_id_.erase(found->second->id);
  std::erase(with_wildcards_, found->second.get());
  entries_.erase(found);
}

void Subscriptions::for_each(const std::function<void(Entry&)>& visit) {
  for (auto& [filter, entry] : entries_) visit(*entry);
}

bool Subscriptions::route(std::string_view topic, const std::vector<std::uint32_t>& wanted,
                          const std::function<void(Stream&)>& visit) {
  bool is_found = false;
  const auto deliver = [&](const Entry& entry) {
    // A handler may subscribe or let go meanwhile.
    const auto streams = entry.streams;
    for (const auto& stream : streams) visit(*stream);
    is_found = is_found || !streams.empty();
  };
  for (const std::uint32_t id : wanted) {
    const auto found = by_id_.find(id);
    if (found != by_id_.end() && fits(found->second->filter, topic)) deliver(*found->second);
  }
  if (is_found) return true;
  if (const Entry* literal = find(topic)) deliver(*literal);
  for (std::size_t at = 0; at < with_wildcards_.size(); ++at) {
    if (fits(with_wildcards_[at]->filter, topic)) deliver(*with_wildcards_[at]);
  }
  return is_found;
}

}  // namespace sluice::client
