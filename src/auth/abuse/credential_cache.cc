// SPDX-License-Identifier: Apache-2.0
#include "auth/abuse/credential_cache.h"

#include "auth/hash/digest.h"

namespace sluice::auth {
namespace {

// Each part with its length, so that no two clients show the same text.
void append(std::string& text, std::string_view part) {
  text += std::to_string(part.size());
  text += ':';
  text += part;
}

}  // namespace

CredentialCache::Key CredentialCache::key_of(const core::AuthRequest& request) const {
  std::string shown;
  append(shown, request.user_name.value_or(std::string()));
  append(shown, request.client_id);
  append(shown, request.identity);
  append(shown, request.listener);
  const std::string_view password =
      request.password ? request.password->text() : std::string_view();
  // The password enters by a digest of its own: `shown` is not wiped.
  const Digest inner = hmac(DigestKind::sha256, secret_, as_bytes(password));
  append(shown, as_text(inner));
  const Digest outer = hmac(DigestKind::sha256, secret_, as_bytes(shown));
  return {as_text(outer).begin(), as_text(outer).end()};
}

const core::Principal* CredentialCache::find(const Key& key, Instant now) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.until <= now) return nullptr;
  return &found->second.principal;
}

void CredentialCache::add(const Key& key, const core::Principal& principal, Instant until,
                          std::size_t entries_max) {
  while (!order_.empty() && entries_.size() >= entries_max) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
  if (entries_max == 0) return;
  if (entries_.insert_or_assign(key, Entry{principal, until}).second) order_.push_back(key);
}

void CredentialCache::clear() {
  entries_.clear();
  order_.clear();
}

}  // namespace sluice::auth
