// SPDX-License-Identifier: Apache-2.0
//
// A KeySource is the keys that may have signed a token: those of files, and those of a JWKS
// document that its issuer serves and changes when it likes. The document is asked for again when
// it is old, and when a token names a key that is not in it; while it cannot be had, the last one
// counts.
//
// Owner:   the JwtBackend.      Thread: any; current() and asked_for() may wait for the issuer.
// Limits:  jwt.keys_refresh; one attempt in retry_time; a document of 1 MiB.
#pragma once

#include "auth/jwt/web_key.h"
#include "auth/options.h"
#include "os/mutex.h"
#include "os/shared.h"

#include <string>
#include <vector>

namespace sluice::auth {

/// Keys that stay as they are.
struct KeySet final : os::Shared {
  std::vector<WebKey> keys{};
};

class KeySource {
 public:
  static constexpr Duration retry_time = 5s;

  KeySource(const AuthOptions::Jwt& options, std::vector<WebKey> keys);

  bool has_url() const { return !options_.keys_url.empty(); }
  const std::vector<WebKey>& of_files() const { return of_files_; }
  /// Those of the document; null if there is none, or it was never to be had.
  os::Ref<KeySet> current(Instant now);
  /// The same after a look whether the issuer has others by now, if that was not just done.
  os::Ref<KeySet> asked_again(Instant now);

 private:
  os::Ref<KeySet> fetch(Instant now, Instant due);

  const AuthOptions::Jwt options_;
  const std::vector<WebKey> of_files_;
  os::Mutex mutex_;
  os::Ref<KeySet> fetched_ SLUICE_GUARDED_BY(mutex_);
  Instant fetched_at_ SLUICE_GUARDED_BY(mutex_){};
  Instant tried_at_ SLUICE_GUARDED_BY(mutex_){};
};

}  // namespace sluice::auth
