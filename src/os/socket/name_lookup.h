// SPDX-License-Identifier: Apache-2.0
//
// A NameLookup asks the system for the addresses of a host name on a thread of its own, because
// the system may take as long as it likes. Let go of before it is done, its answer is nobody's.
//
// Owner:   whoever waits for the answer.      Thread: its owner's.
// Never:   blocks, also not when it is destroyed.
// Limits:  one thread while the system looks.
#pragma once

#include "base/result.h"
#include "os/shared.h"
#include "os/socket/socket_address.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::os {

class NameLookup {
 public:
  static Result<std::unique_ptr<NameLookup>> start(std::string host, std::uint16_t port);
  class Answer;
  explicit NameLookup(Ref<Answer> answer);
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;
  ~NameLookup();

  /// Becomes readable when there is an answer.
  int fd() const;
  bool is_done() const;
  /// REQUIRES: is_done(). Once.
  Result<std::vector<SocketAddress>> take();

 private:
  Ref<Answer> answer_;
};

}  // namespace sluice::os
