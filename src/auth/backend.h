// SPDX-License-Identifier: Apache-2.0
//
// A Backend is one place where clients are known: a password file, a token's issuer, a directory.
// It looks at what a client has shown and gives a Verdict. Once made it is not changed: a reload
// makes a new one.
//
// Owner:   the Chain it stands in.
// Thread:  check() any, several at once; it may block where cost() says so.
// Never:   accepts because something is broken: what cannot be asked is Verdict::unavailable.
#pragma once

#include "core/access/authentication.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

struct Verdict {
  enum class Kind : std::uint8_t {
    accepted,
    refused,      ///< it knows the client, and this is not how it proves itself
    unknown,      ///< not a client of this back end: the next one may know it
    unavailable,  ///< it cannot tell now
    go_on,        ///< the client is to answer `data`
  };

  Kind kind = Kind::refused;
  std::string reason{};  ///< for the operator's log
  core::Principal principal{};
  std::vector<std::uint8_t> data{};
  std::unique_ptr<core::AuthExchange> exchange{};

  static Verdict refused(std::string why) { return {.reason = std::move(why)}; }
  static Verdict unknown(std::string why) {
    return {.kind = Kind::unknown, .reason = std::move(why)};
  }
  static Verdict unavailable(std::string why) {
    return {.kind = Kind::unavailable, .reason = std::move(why)};
  }
  static Verdict accepted(core::Principal who) {
    return {.kind = Kind::accepted, .principal = std::move(who)};
  }
};

/// What check() costs: which of the pools may call it.
enum class CheckCost : std::uint8_t {
  processor,  ///< it computes: at most one for each core
  network,    ///< it waits for somebody else
};

class Backend {
 public:
  virtual ~Backend() = default;
  /// As in the option auth.chain: "file".
  virtual std::string_view name() const = 0;
  virtual CheckCost cost() const = 0;
  /// Whether it speaks this authentication method. Empty: user name and password.
  virtual bool has_method(std::string_view method) const { return method.empty(); }
  virtual Verdict check(core::AuthRequest& request) const = 0;
  /// Whether a client that it accepted earlier would be known still, as far as can be told without
  /// asking anybody.
  virtual bool is_still_known(const core::Principal&) const { return true; }
};

}  // namespace sluice::auth
