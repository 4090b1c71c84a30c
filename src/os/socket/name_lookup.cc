// SPDX-License-Identifier: Apache-2.0
#include "os/socket/name_lookup.h"

#include "base/assert.h"
#include "os/counter.h"
#include "os/reactor/wakeup.h"
#include "os/thread.h"

#include <optional>
#include <utility>

namespace sluice::os {

/// What the thread and the owner share: written by the one, then read by the other.
class NameLookup::Answer final : public Shared {
 public:
  explicit Answer(std::unique_ptr<Wakeup> wakeup) : wakeup_(std::move(wakeup)) {}

  void look_up(const std::string& host, std::uint16_t port) {
    found_ = resolve(host, port);
    is_there_.raise();
    wakeup_->signal();
  }
  int fd() const { return wakeup_->fd(); }
  bool is_there() const { return is_there_.is_up(); }
  Result<std::vector<SocketAddress>> take() { return std::move(*found_); }

 private:
  std::unique_ptr<Wakeup> wakeup_;
  std::optional<Result<std::vector<SocketAddress>>> found_;
  Flag is_there_;
};

Result<std::unique_ptr<NameLookup>> NameLookup::start(std::string host, std::uint16_t port) {
  SLUICE_TRY(auto wakeup, Wakeup::create());
  auto answer = make_shared_object<Answer>(std::move(wakeup));
  SLUICE_TRY(auto thread, Thread::start("name lookup", [answer, host = std::move(host), port] {
               answer->look_up(host, port);
             }));
  thread.detach();
  return std::make_unique<NameLookup>(std::move(answer));
}

NameLookup::NameLookup(Ref<Answer> answer) : answer_(std::move(answer)) {}
NameLookup::~NameLookup() = default;

int NameLookup::fd() const { return answer_->fd(); }
bool NameLookup::is_done() const { return answer_->is_there(); }

Result<std::vector<SocketAddress>> NameLookup::take() {
  SLUICE_ASSERT(is_done());
  return answer_->take();
}

}  // namespace sluice::os
