// SPDX-License-Identifier: Apache-2.0
//
// LD_PRELOAD: writes down what a program does to the files below one directory, with the bytes that
// were there before, so that a power cut can be played afterwards: support/power_cut.py takes back
// whatever had not been synced when the program was killed.
//
//   SLUICE_DISK_DATA      the directory, absolute
//   SLUICE_DISK_JOURNAL   where to write it down, outside of that directory
//   SLUICE_DISK_BROKEN    sync: fdatasync and fsync do nothing and say that all is well
//                         late: so do they, and writes reach the file only some time after they return
//   SLUICE_DISK_EIO       the fdatasync of this number, and all after it, fail
//   SLUICE_DISK_FULL      while there is a file of this name, no room can be reserved
//   SLUICE_DISK_SLOW_MS   so long a sync takes
//
// A line of the journal is "KIND file number offset length\n", then the paths or the old bytes that
// KIND has. What this cannot see (a shared writable mapping, io_uring) it notes as UNSEEN.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES_MAX 65536
#define LATE_US 20000

static int journal = -1;
static char data[PATH_MAX];
static size_t data_length;
static enum { SOUND, NO_SYNC, LATE } broken;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char is_ours[FILES_MAX];
static char paths[FILES_MAX / 64][PATH_MAX];

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static void start(void) __attribute__((constructor));
static void start(void) {
  const char *directory = getenv("SLUICE_DISK_DATA"), *path = getenv("SLUICE_DISK_JOURNAL");
  const char *how = getenv("SLUICE_DISK_BROKEN");
  if (!directory || !path) return;
  snprintf(data, sizeof data, "%s", directory);
  data_length = strlen(data);
  if (how && !strcmp(how, "sync")) broken = NO_SYNC;
  if (how && !strcmp(how, "late")) broken = LATE;
  journal = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_below(const char *path) {
  return journal >= 0 && !strncmp(path, data, data_length) &&
         (path[data_length] == '/' || path[data_length] == 0);
}

// One write each, so that a kill cuts no entry but the last.
static void note(const char *kind, const char *a, const char *b, long offset, const void *old, size_t size) {
  char head[2 * PATH_MAX + 100];
  const int length = snprintf(head, sizeof head, "%s\t%s\t%s\t%ld\t%zu\n", kind, a, b, offset, size);
  struct iovec parts[2] = {{head, (size_t)length}, {(void *)old, size}};
  if (syscall(SYS_writev, journal, parts, size ? 2 : 1) < 0) abort();
}

static const char *path_of(int fd) { return paths[fd % (FILES_MAX / 64)]; }
static int ours(int fd) { return fd >= 0 && fd < FILES_MAX && is_ours[fd]; }

static void remember(int fd, const char *path, int was_there) {
  if (fd < 0 || fd >= FILES_MAX || !is_below(path)) return;
  pthread_mutex_lock(&lock);
  is_ours[fd] = 1;
  snprintf(paths[fd % (FILES_MAX / 64)], PATH_MAX, "%s", path);
  if (!was_there) note("CREATE", path, "", 0, NULL, 0);
  pthread_mutex_unlock(&lock);
}

static int open_any(const char *path, int flags, mode_t mode) {
  struct stat status;
  const int was_there = !is_below(path) || !(flags & O_CREAT) || stat(path, &status) == 0;
  const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  remember(fd, path, was_there);
  return fd;
}
int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_any(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_any(path, flags, mode);
}
int close(int fd) {
  if (ours(fd)) is_ours[fd] = 0;
  return (int)syscall(SYS_close, fd);
}

static void note_old(int fd, size_t size, off_t offset) {
  char *old = malloc(size ? size : 1);
  ssize_t got = old ? syscall(SYS_pread64, fd, old, size, offset) : -1;
  if (got < 0) got = 0;
  memset(old + got, 0, size - (size_t)got);
  note("WRITE", path_of(fd), "", (long)offset, old, size);
  free(old);
}

struct late { int fd; off_t offset; size_t size; char bytes[]; };
static void *write_late(void *argument) {
  struct late *what = argument;
  usleep(LATE_US);
  if (syscall(SYS_pwrite64, what->fd, what->bytes, what->size, what->offset) < 0) abort();
  syscall(SYS_close, what->fd);
  free(what);
  return NULL;
}

static ssize_t write_at(int fd, const void *bytes, size_t size, off_t offset) {
  if (!ours(fd)) return syscall(SYS_pwrite64, fd, bytes, size, offset);
  note_old(fd, size, offset);
  // The segments themselves come into being in time: only what is acknowledged is late.
  if (broken != LATE || size > 256 * 1024 || offset == 0)
    return syscall(SYS_pwrite64, fd, bytes, size, offset);
  struct late *what = malloc(sizeof *what + size);
  pthread_t thread;
  *what = (struct late){dup(fd), offset, size};
  memcpy(what->bytes, bytes, size);
  if (pthread_create(&thread, NULL, write_late, what)) abort();
  pthread_detach(thread);
  return (ssize_t)size;
}
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
  return write_at(fd, bytes, size, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset) {
  return write_at(fd, bytes, size, offset);
}
ssize_t write(int fd, const void *bytes, size_t size) {
  if (ours(fd)) note_old(fd, size, lseek(fd, 0, SEEK_CUR));
  return syscall(SYS_write, fd, bytes, size);
}
static int unseen(const char *what, int fd) {
  if (ours(fd)) note("UNSEEN", what, path_of(fd), 0, NULL, 0);
  return 0;
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  REAL(pwritev);
  unseen("pwritev", fd);
  return real(fd, parts, count, offset);
}
ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags) {
  REAL(pwritev2);
  unseen("pwritev2", fd);
  return real(fd, parts, count, offset, flags);
}
void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
  if ((flags & MAP_SHARED) && (protection & PROT_WRITE)) unseen("mmap", fd);
  return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}
void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
  return mmap(at, size, protection, flags, fd, offset);
}

static int sync_any(int fd, long number) {
  static int count;
  const char *fails = getenv("SLUICE_DISK_EIO"), *slow = getenv("SLUICE_DISK_SLOW_MS");
  if (ours(fd) && slow) usleep((useconds_t)atoi(slow) * 1000);
  if (ours(fd) && fails && __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) >= atoi(fails)) {
    errno = EIO;
    return -1;
  }
  if (ours(fd) && broken != SOUND) return 0;
  const int result = (int)syscall(number, fd);
  if (ours(fd) && result == 0) note("SYNC", path_of(fd), "", 0, NULL, 0);
  return result;
}
int posix_fallocate(int fd, off_t offset, off_t size) {
  REAL(posix_fallocate);
  const char *full = getenv("SLUICE_DISK_FULL");
  if (ours(fd) && full && access(full, F_OK) == 0) return ENOSPC;
  return real(fd, offset, size);
}
int posix_fallocate64(int fd, off64_t offset, off64_t size) {
  return posix_fallocate(fd, (off_t)offset, (off_t)size);
}
int fdatasync(int fd) { return sync_any(fd, SYS_fdatasync); }
int fsync(int fd) { return sync_any(fd, SYS_fsync); }

// The journal keeps what is removed, as a second name outside of the data.
static void keep(const char *path, char *kept, size_t size) {
  static int count;
  snprintf(kept, size, "%s.kept-%d", getenv("SLUICE_DISK_JOURNAL"), ++count);
  if (link(path, kept)) *kept = 0;
}
int rename(const char *from, const char *to) {
  char kept[PATH_MAX] = "";
  if (is_below(to)) {
    char both[2 * PATH_MAX];
    pthread_mutex_lock(&lock);
    keep(to, kept, sizeof kept);
    snprintf(both, sizeof both, "%s\t%s", to, kept);
    note("RENAME", from, both, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
  }
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
int unlink(const char *path) {
  if (is_below(path)) {
    char kept[PATH_MAX] = "";
    pthread_mutex_lock(&lock);
    keep(path, kept, sizeof kept);
    if (*kept) note("REMOVE", path, kept, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
  }
  return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
