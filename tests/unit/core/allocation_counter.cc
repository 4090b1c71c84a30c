// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/core/allocation_counter.h"

#include <cstdlib>
#include <new>

namespace sluice::test {
namespace {
std::uint64_t count = 0;
}  // namespace

std::uint64_t allocations() { return count; }

}  // namespace sluice::test

void* operator new(std::size_t size) {
  ++sluice::test::count;
  if (void* place = std::malloc(size != 0 ? size : 1)) return place;
  std::abort();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  ++sluice::test::count;
  const auto step = static_cast<std::size_t>(alignment);
  if (void* place = std::aligned_alloc(step, (size + step - 1) / step * step)) return place;
  std::abort();
}
void operator delete(void* place) noexcept { std::free(place); }
void operator delete(void* place, std::size_t) noexcept { std::free(place); }
void operator delete(void* place, std::align_val_t) noexcept { std::free(place); }
void operator delete(void* place, std::size_t, std::align_val_t) noexcept { std::free(place); }
