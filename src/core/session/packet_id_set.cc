// SPDX-License-Identifier: Apache-2.0
#include "core/session/packet_id_set.h"

#include <algorithm>

namespace sluice::core {

bool PacketIdSet::insert(codec::PacketId id) {
  if (bitmap_) {
    if (bitmap_->test(id)) return false;
    bitmap_->set(id);
    ++size_;
    return true;
  }
  const auto at = std::lower_bound(list_.begin(), list_.end(), id);
  if (at != list_.end() && *at == id) return false;
  list_.insert(at, id);
  ++size_;
  if (list_.size() > list_max) {
    bitmap_ = std::make_unique<Bitmap>();
    for (const codec::PacketId each : list_) bitmap_->set(each);
    list_ = {};
  }
  return true;
}

bool PacketIdSet::erase(codec::PacketId id) {
  if (bitmap_) {
    if (!bitmap_->test(id)) return false;
    bitmap_->reset(id);
    --size_;
    return true;
  }
  const auto at = std::lower_bound(list_.begin(), list_.end(), id);
  if (at == list_.end() || *at != id) return false;
  list_.erase(at);
  --size_;
  return true;
}

bool PacketIdSet::contains(codec::PacketId id) const {
  return bitmap_ ? bitmap_->test(id) : std::binary_search(list_.begin(), list_.end(), id);
}

void PacketIdSet::clear() {
  bitmap_.reset();
  list_ = {};
  size_ = 0;
}

std::size_t PacketIdSet::bytes() const {
  return (bitmap_ ? sizeof(Bitmap) : 0) + list_.capacity() * sizeof(codec::PacketId);
}

std::vector<codec::PacketId> PacketIdSet::to_vector() const {
  if (!bitmap_) return list_;
  std::vector<codec::PacketId> ids;
  for (std::uint32_t id = 0; id < bitmap_->size(); ++id)
    if (bitmap_->test(id)) ids.push_back(static_cast<codec::PacketId>(id));
  return ids;
}

}  // namespace sluice::core
