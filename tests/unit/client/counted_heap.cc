// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/client/counted_heap.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<std::uint64_t> requests{0};
}  // namespace

void* operator new(std::size_t bytes) {
  ++requests;
  return std::malloc(bytes == 0 ? 1 : bytes);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace sluice::client {

std::uint64_t heap_requests() { return requests; }

}  // namespace sluice::client
