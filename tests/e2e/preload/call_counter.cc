// SPDX-License-Identifier: Apache-2.0
//
// Stands before the C library of a broker (LD_PRELOAD) and counts what each thread calls of it:
// memory from the heap and from the kernel, locks, futexes; and the bytes that it receives, which
// tell how many messages went by. The counts stand in a file that CALL_COUNTS names, so that a test
// reads them while the broker runs: rows of 64-bit words, one row a thread, in the order of
// CountedCall, behind the thread's id.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>

namespace {

enum class CountedCall : unsigned { thread, received_bytes, allocate, release, map, lock, futex };
constexpr std::size_t words = 8;
constexpr std::size_t rows = 256;
using Row = std::array<std::atomic<std::uint64_t>, words>;

Row* table = nullptr;
std::atomic<std::size_t> used{0};
__thread Row* own_row = nullptr;

void count(CountedCall call, std::uint64_t many = 1) {
  if (table == nullptr) return;
  if (own_row == nullptr) {
    const std::size_t at = used.fetch_add(1);
    own_row = &table[at < rows ? at : rows - 1];
    (*own_row)[0] = static_cast<std::uint64_t>(::syscall(SYS_gettid));
  }
  (*own_row)[static_cast<unsigned>(call)].fetch_add(many, std::memory_order_relaxed);
}

// The function of this name that would have been called without us.
template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

__attribute__((constructor)) void open_table() {
  const char* path = std::getenv("CALL_COUNTS");
  if (path == nullptr) return;
  const int fd = ::open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void* memory = ::mmap(nullptr, rows * sizeof(Row), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (memory != MAP_FAILED) table = static_cast<Row*>(memory);
}

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* memory);

void* malloc(std::size_t size) {
  count(CountedCall::allocate);
  return __libc_malloc(size);
}
void* calloc(std::size_t many, std::size_t size) {
  count(CountedCall::allocate);
  return __libc_calloc(many, size);
}
void* realloc(void* old, std::size_t size) {
  count(CountedCall::allocate);
  return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count(CountedCall::allocate);
  return __libc_memalign(alignment, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  count(CountedCall::allocate);
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  count(CountedCall::allocate);
  *out = __libc_memalign(alignment, size);
  return *out == nullptr ? ENOMEM : 0;
}
void free(void* memory) {
  if (memory != nullptr) count(CountedCall::release);
  __libc_free(memory);
}

void* mmap(void* at, std::size_t size, int protection, int flags, int fd, off_t offset) {
  count(CountedCall::map);
  return reinterpret_cast<void*>(::syscall(SYS_mmap, at, size, protection, flags, fd, offset));
}
int munmap(void* at, std::size_t size) {
  count(CountedCall::map);
  return static_cast<int>(::syscall(SYS_munmap, at, size));
}
int madvise(void* at, std::size_t size, int advice) {
  count(CountedCall::map);
  return static_cast<int>(::syscall(SYS_madvise, at, size, advice));
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  static const auto real = next<int(pthread_mutex_t*)>("pthread_mutex_lock");
  count(CountedCall::lock);
  return real(mutex);
}
int pthread_mutex_trylock(pthread_mutex_t* mutex) {
  static const auto real = next<int(pthread_mutex_t*)>("pthread_mutex_trylock");
  count(CountedCall::lock);
  return real(mutex);
}
int pthread_rwlock_rdlock(pthread_rwlock_t* lock) {
  static const auto real = next<int(pthread_rwlock_t*)>("pthread_rwlock_rdlock");
  count(CountedCall::lock);
  return real(lock);
}
int pthread_rwlock_wrlock(pthread_rwlock_t* lock) {
  static const auto real = next<int(pthread_rwlock_t*)>("pthread_rwlock_wrlock");
  count(CountedCall::lock);
  return real(lock);
}
int pthread_spin_lock(pthread_spinlock_t* lock) {
  static const auto real = next<int(pthread_spinlock_t*)>("pthread_spin_lock");
  count(CountedCall::lock);
  return real(lock);
}
int pthread_cond_signal(pthread_cond_t* condition) {
  static const auto real = next<int(pthread_cond_t*)>("pthread_cond_signal");
  count(CountedCall::lock);
  return real(condition);
}
int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  static const auto real = next<int(pthread_cond_t*, pthread_mutex_t*)>("pthread_cond_wait");
  count(CountedCall::lock);
  return real(condition, mutex);
}

// std::atomic's wait and notify come this way.
long syscall(long number, ...) {
  static const auto real = next<long(long, ...)>("syscall");
  std::va_list list;
  va_start(list, number);
  std::array<long, 6> argument;
  for (long& each : argument) each = va_arg(list, long);
  va_end(list);
  if (number == SYS_futex) count(CountedCall::futex);
  return real(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}

ssize_t recv(int fd, void* into, std::size_t size, int flags) {
  static const auto real = next<ssize_t(int, void*, std::size_t, int)>("recv");
  const ssize_t got = real(fd, into, size, flags);
  if (got > 0) count(CountedCall::received_bytes, static_cast<std::uint64_t>(got));
  return got;
}

}  // extern "C"
