// SPDX-License-Identifier: Apache-2.0
//
// A Chain is the back ends in the order in which they are asked. The first that knows the client
// decides; one that cannot tell refuses (nobody gets in because something is down); a client that
// none knows is refused.
//
// Owner:   server/.      Thread: any (immutable).
#pragma once

#include "auth/backend.h"

#include <memory>
#include <vector>

namespace sluice::auth {

class Chain {
 public:
  explicit Chain(std::vector<std::unique_ptr<Backend>> backends) : backends_(std::move(backends)) {}

  bool is_empty() const { return backends_.empty(); }
  /// The first back end from `from` on that speaks the method of the request, size() if none.
  std::size_t find(const core::AuthRequest& request, std::size_t from) const;
  std::size_t size() const { return backends_.size(); }
  const Backend& at(std::size_t position) const { return *backends_[position]; }
  /// Whether a client that was accepted earlier would be known still, as far as can be told.
  bool is_still_known(const core::Principal& principal) const;

 private:
  std::vector<std::unique_ptr<Backend>> backends_;
};

/// What the client is told.
core::AuthAnswer answer_of(Verdict verdict);
/// For a client that no back end knows, or whose method none speaks.
core::AuthAnswer answer_to_unknown(const core::AuthRequest& request, std::string reason);

}  // namespace sluice::auth
