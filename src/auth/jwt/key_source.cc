// SPDX-License-Identifier: Apache-2.0
#include "auth/jwt/key_source.h"

#include "auth/http/http_exchange.h"

namespace sluice::auth {

KeySource::KeySource(const AuthOptions::Jwt& options, std::vector<WebKey> keys)
    : options_(options), of_files_(std::move(keys)) {}

os::Ref<KeySet> KeySource::current(Instant now) {
  Instant due;
  {
    const os::MutexLock lock(mutex_);
    due = fetched_at_ + options_.keys_refresh;
  }
  return fetch(now, due);
}

os::Ref<KeySet> KeySource::asked_again(Instant now) { return fetch(now, Instant{}); }

// The lock is not held while we wait: others go on with the keys that there are. Only the first of
// several that find them old asks.
os::Ref<KeySet> KeySource::fetch(Instant now, Instant due) {
  {
    const os::MutexLock lock(mutex_);
    const bool is_tried = tried_at_ != Instant{} && now < tried_at_ + retry_time;
    if (!has_url() || is_tried || (fetched_.get() != nullptr && now < due)) return fetched_;
    tried_at_ = now;
  }
  const auto reply = call_http({.url = options_.keys_url,
                                .body = {},
                                .bearer = {},
                                .ca_file = options_.ca_file,
                                .timeout = options_.timeout});
  auto keys = reply && reply->status == 200 ? WebKey::parse_all(reply->body)
                                            : std::unexpected(std::string("no document"));
  const os::MutexLock lock(mutex_);
  if (!keys) return fetched_;
  fetched_ = os::Ref<KeySet>::adopt(std::make_unique<KeySet>().release());
  fetched_->keys = std::move(*keys);
  fetched_at_ = now;
  return fetched_;
}

}  // namespace sluice::auth
