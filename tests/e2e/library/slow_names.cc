// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/library/slow_names.h"

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <mutex>
#include <string_view>

namespace sluice::e2e {
namespace {

struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0;
  bool is_open = false;
};

Gate& gate() {
  static Gate only;
  return only;
}

}  // namespace

void answer_slow_names() {
  const std::lock_guard lock(gate().mutex);
  gate().is_open = true;
  gate().changed.notify_all();
}

int slow_names_waiting() {
  const std::lock_guard lock(gate().mutex);
  return gate().waiting;
}

}  // namespace sluice::e2e

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  using namespace sluice::e2e;
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  const bool is_number = hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0;
  if (is_number || name == nullptr || !std::string_view(name).ends_with(".slow")) {
    return real(name, service, hints, found);
  }
  std::unique_lock lock(gate().mutex);
  ++gate().waiting;
  while (!gate().is_open) gate().changed.wait(lock);
  --gate().waiting;
  return real("127.0.0.1", service, hints, found);
}
