// SPDX-License-Identifier: Apache-2.0
#include "codec/limit_kind.h"

namespace sluice::codec {

LimitKind limit_kind(const Error& error) noexcept {
  const char* text = error.detail;
  if (text == limit_text::topic_bytes) return LimitKind::topic_bytes;
  if (text == limit_text::topic_levels) return LimitKind::topic_levels;
  if (text == limit_text::user_properties) return LimitKind::user_properties;
  if (text == limit_text::filters) return LimitKind::filters;
  if (text == limit_text::client_id_bytes) return LimitKind::client_id_bytes;
  return LimitKind::none;
}

}  // namespace sluice::codec
