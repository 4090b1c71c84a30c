// SPDX-License-Identifier: Apache-2.0
//
// LD_PRELOAD: a disk in trouble, for files below one directory.
//
//   SLUICE_DISK_DATA      the directory, absolute
//   SLUICE_DISK_EIO       the fdatasync of this number, and all after it, fail
//   SLUICE_DISK_FULL      while there is a file of this name, no room can be reserved
//   SLUICE_DISK_SLOW_MS   so long a sync takes
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_ours(int fd) {
  const char *data = getenv("SLUICE_DISK_DATA");
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (!data || size < 0) return 0;
  path[size] = '\0';
  return strncmp(path, data, strlen(data)) == 0;
}

static int sync_any(int fd, long number) {
  static int count;
  if (!is_ours(fd)) return (int)syscall(number, fd);
  const char *fails = getenv("SLUICE_DISK_EIO"), *slow = getenv("SLUICE_DISK_SLOW_MS");
  if (slow) usleep((useconds_t)atoi(slow) * 1000);
  if (fails && __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) >= atoi(fails)) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(number, fd);
}
int fdatasync(int fd) { return sync_any(fd, SYS_fdatasync); }
int fsync(int fd) { return sync_any(fd, SYS_fsync); }

int posix_fallocate(int fd, off_t offset, off_t size) {
  static __typeof__(&posix_fallocate) real;
  if (!real) real = (__typeof__(&posix_fallocate))dlsym(RTLD_NEXT, "posix_fallocate");
  const char *full = getenv("SLUICE_DISK_FULL");
  if (full && access(full, F_OK) == 0 && is_ours(fd)) return ENOSPC;
  return real(fd, offset, size);
}
int posix_fallocate64(int fd, off64_t offset, off64_t size) {
  return posix_fallocate(fd, (off_t)offset, (off_t)size);
}
