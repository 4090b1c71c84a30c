// SPDX-License-Identifier: Apache-2.0
#include "core/session/packet_id_set.h"

#include <algorithm>

namespace sluice::core {

bool PacketIdSet::insert(codec::PacketId id) {
  if (!body_) body_ = std::make_unique<Body>();
  Body& body = *body_;
  if (body.bitmap) {
    if (body.bitmap->test(id)) return false;
    body.bitmap->set(id);
    ++body.size;
    return true;
  }
  const auto at = std::lower_bound(body.list.begin(), body.list.end(), id);
  if (at != body.list.end() && *at == id) return false;
  body.list.insert(at, id);
  ++body.size;
  if (body.list.size() > list_max) {
    body.bitmap = std::make_unique<Bitmap>();
    for (const codec::PacketId each : body.list) body.bitmap->set(each);
    body.list = {};
  }
  return true;
}

bool PacketIdSet::erase(codec::PacketId id) {
  if (!body_) return false;
  Body& body = *body_;
  if (body.bitmap) {
    if (!body.bitmap->test(id)) return false;
    body.bitmap->reset(id);
    --body.size;
    return true;
  }
  const auto at = std::lower_bound(body.list.begin(), body.list.end(), id);
  if (at == body.list.end() || *at != id) return false;
  body.list.erase(at);
  --body.size;
  return true;
}

bool PacketIdSet::contains(codec::PacketId id) const {
  if (!body_) return false;
  return body_->bitmap ? body_->bitmap->test(id)
                       : std::binary_search(body_->list.begin(), body_->list.end(), id);
}

std::size_t PacketIdSet::bytes() const {
  if (!body_) return 0;
  return sizeof(Body) + (body_->bitmap ? sizeof(Bitmap) : 0) +
         body_->list.capacity() * sizeof(codec::PacketId);
}

std::vector<codec::PacketId> PacketIdSet::to_vector() const {
  if (!body_) return {};
  if (!body_->bitmap) return body_->list;
  std::vector<codec::PacketId> ids;
  for (std::uint32_t id = 0; id < body_->bitmap->size(); ++id)
    if (body_->bitmap->test(id)) ids.push_back(static_cast<codec::PacketId>(id));
  return ids;
}

}  // namespace sluice::core
