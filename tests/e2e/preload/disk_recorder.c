// SPDX-License-Identifier: Apache-2.0
//
// LD_PRELOAD: writes down what a program does to the files below one directory, with the bytes that
// were there before, so that support/power_cut.py can take back, after a kill, whatever had not
// been synced. It can also be the one who kills, at the n-th call.
//
//   SLUICE_DISK_DATA      the directory, absolute
//   SLUICE_DISK_JOURNAL   where to write it down, outside of that directory
//   SLUICE_DISK_BROKEN    sync: fdatasync and fsync do nothing and say that all is well
//                         late: so do they, and writes reach the file some time after they return
//   SLUICE_DISK_KILL_AT   kill -9 at the call of this number that changes something below it
//
// An entry of the journal is "KIND\tname\tother name\toffset\tlength\n", then the old bytes. What
// this cannot see (a shared writable mapping, io_uring, vectors) is noted as UNSEEN.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES_MAX 1024
#define LATE_US 20000
#define LATE_BYTES_MAX 65536

static int journal = -1;
static char data[PATH_MAX], journal_path[PATH_MAX];
static size_t data_length;
static enum { SOUND, NO_SYNC, LATE } broken;
static long kill_at, calls;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char is_open[FILES_MAX];  // below the directory
static char paths[FILES_MAX][256];

static long raw(long number, long a, long b, long c, long d) {
  static long (*real)(long, ...);
  if (!real) real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  return real(number, a, b, c, d);
}

__attribute__((constructor)) static void start(void) {
  const char *directory = getenv("SLUICE_DISK_DATA"), *path = getenv("SLUICE_DISK_JOURNAL");
  const char *how = getenv("SLUICE_DISK_BROKEN"), *at = getenv("SLUICE_DISK_KILL_AT");
  if (!directory || !path) return;
  data_length = (size_t)snprintf(data, sizeof data, "%s", directory);
  snprintf(journal_path, sizeof journal_path, "%s", path);
  if (how && !strcmp(how, "sync")) broken = NO_SYNC;
  if (how && !strcmp(how, "late")) broken = LATE;
  if (at) kill_at = atol(at);
  journal =
      (int)raw(SYS_openat, AT_FDCWD, (long)path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_below(const char* path) {
  return journal >= 0 && !strncmp(path, data, data_length) &&
         (path[data_length] == '/' || !path[data_length]);
}
static int is_ours(int fd) { return fd >= 0 && fd < FILES_MAX && is_open[fd]; }

// In front of each call, and once more behind it: it is done, or not.
static void may_die(void) {
  if (kill_at && __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) == kill_at)
    kill(getpid(), SIGKILL);
}

// One write each, so that a kill cuts no entry but the last.
static void note(const char* kind, const char* a, const char* b, long offset, const void* old,
                 size_t size) {
  char head[2 * PATH_MAX + 100];
  const int length =
      snprintf(head, sizeof head, "%s\t%s\t%s\t%ld\t%zu\n", kind, a, b, offset, size);
  struct iovec parts[2] = {{head, (size_t)length}, {(void*)old, size}};
  if (raw(SYS_writev, journal, (long)parts, size ? 2 : 1, 0) < 0) abort();
}

static int open_any(const char* path, int flags, mode_t mode) {
  struct stat status;
  const int is_new = is_below(path) && (flags & O_CREAT) && stat(path, &status) != 0;
  if (is_new) may_die();
  const int fd = (int)raw(SYS_openat, AT_FDCWD, (long)path, flags, (long)mode);
  if (fd < 0 || !is_below(path)) return fd;
  if (fd >= FILES_MAX || strlen(path) >= sizeof paths[0]) abort();
  pthread_mutex_lock(&lock);
  is_open[fd] = 1;
  snprintf(paths[fd], sizeof paths[fd], "%s", path);
  if (is_new) note("CREATE", path, "", 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return fd;
}
#define OPEN(name)                                                                    \
  int name(const char* path, int flags, ...) {                                        \
    va_list list;                                                                     \
    va_start(list, flags);                                                            \
    const mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) ? va_arg(list, mode_t) : 0; \
    va_end(list);                                                                     \
    return open_any(path, flags, mode);                                               \
  }
OPEN(open)
OPEN(open64)
int close(int fd) {
  if (is_ours(fd)) is_open[fd] = 0;
  return (int)raw(SYS_close, fd, 0, 0, 0);
}

static void note_old(int fd, size_t size, off_t offset) {
  char* old = calloc(size + 1, 1);
  if (!old || raw(SYS_pread64, fd, (long)old, (long)size, offset) < 0) {
    if (old) memset(old, 0, size);  // opened for writing alone: a file of its own
  }
  note("WRITE", paths[fd], "", (long)offset, old, size);
  free(old);
}

struct late {
  int fd;
  off_t offset;
  size_t size;
  char bytes[];
};
static void* write_late(void* argument) {
  struct late* what = argument;
  usleep(LATE_US);
  if (raw(SYS_pwrite64, what->fd, (long)what->bytes, (long)what->size, what->offset) < 0) abort();
  raw(SYS_close, what->fd, 0, 0, 0);
  free(what);
  return NULL;
}

static ssize_t write_at(int fd, const void* bytes, size_t size, off_t offset) {
  if (!is_ours(fd)) return raw(SYS_pwrite64, fd, (long)bytes, (long)size, offset);
  may_die();
  note_old(fd, size, offset);
  // The files themselves come into being in time: only what is acknowledged is late.
  if (broken != LATE || size > LATE_BYTES_MAX || offset == 0)
    return raw(SYS_pwrite64, fd, (long)bytes, (long)size, offset);
  struct late* what = malloc(sizeof *what + size);
  pthread_t thread;
  *what = (struct late){(int)raw(SYS_dup, fd, 0, 0, 0), offset, size};
  memcpy(what->bytes, bytes, size);
  if (pthread_create(&thread, NULL, write_late, what)) abort();
  pthread_detach(thread);
  return (ssize_t)size;
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return write_at(fd, bytes, size, offset);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off_t offset) {
  return write_at(fd, bytes, size, offset);
}
ssize_t write(int fd, const void* bytes, size_t size) {
  if (is_ours(fd)) {
    may_die();
    note_old(fd, size, lseek(fd, 0, SEEK_CUR));
  }
  return raw(SYS_write, fd, (long)bytes, (long)size, 0);
}

#define UNSEEN(name, returned, parameters, arguments)                  \
  returned name parameters {                                           \
    static returned(*real) parameters;                                 \
    if (!real) real = (returned(*) parameters)dlsym(RTLD_NEXT, #name); \
    if (is_ours(fd)) note("UNSEEN", #name, paths[fd], 0, NULL, 0);     \
    return real arguments;                                             \
  }
UNSEEN(writev, ssize_t, (int fd, const struct iovec* parts, int count), (fd, parts, count))
UNSEEN(pwritev, ssize_t, (int fd, const struct iovec* parts, int count, off_t at),
       (fd, parts, count, at))
UNSEEN(pwritev64, ssize_t, (int fd, const struct iovec* parts, int count, off64_t at),
       (fd, parts, count, at))
void* mmap(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  static void* (*real)(void*, size_t, int, int, int, off_t);
  if (!real) real = (void* (*)(void*, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, "mmap");
  if ((flags & MAP_SHARED) && (protection & PROT_WRITE) && is_ours(fd))
    note("UNSEEN", "mmap", paths[fd], 0, NULL, 0);
  return real(at, size, protection, flags, fd, offset);
}
void* mmap64(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  return mmap(at, size, protection, flags, fd, offset);
}
// Whoever makes a ring may write by it; there is no wrapper in the C library.
long syscall(long number, ...) {
  static long (*real)(long, ...);
  if (!real) real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  va_list list;
  va_start(list, number);
  long a[6];
  for (int i = 0; i < 6; ++i) a[i] = va_arg(list, long);
  va_end(list);
  if (number == SYS_io_uring_setup && journal >= 0) note("UNSEEN", "io_uring", "", 0, NULL, 0);
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int sync_any(int fd, long number) {
  if (!is_ours(fd)) return (int)raw(number, fd, 0, 0, 0);
  may_die();
  if (broken != SOUND) return 0;
  const int result = (int)raw(number, fd, 0, 0, 0);
  if (result == 0) note("SYNC", paths[fd], "", 0, NULL, 0);
  may_die();
  return result;
}
int fdatasync(int fd) { return sync_any(fd, SYS_fdatasync); }
int fsync(int fd) { return sync_any(fd, SYS_fsync); }

// The journal keeps what is removed, under a second name outside of the data.
static void keep(const char* path, char* kept, size_t size) {
  static int count;
  snprintf(kept, size, "%s.kept-%d", journal_path, ++count);
  if (link(path, kept)) *kept = 0;
}
int rename(const char* from, const char* to) {
  if (is_below(to)) {
    char kept[PATH_MAX + 20] = "", both[2 * PATH_MAX + 32];
    may_die();
    pthread_mutex_lock(&lock);
    keep(to, kept, sizeof kept);
    snprintf(both, sizeof both, "%s\t%s", to, kept);
    note("RENAME", from, both, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
  }
  const int result = (int)raw(SYS_renameat, AT_FDCWD, (long)from, AT_FDCWD, (long)to);
  if (is_below(to)) may_die();
  return result;
}
int unlink(const char* path) {
  if (is_below(path)) {
    char kept[PATH_MAX + 20] = "";
    may_die();
    pthread_mutex_lock(&lock);
    keep(path, kept, sizeof kept);
    if (*kept) note("REMOVE", path, kept, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
  }
  return (int)raw(SYS_unlinkat, AT_FDCWD, (long)path, 0, 0);
}
