/* A library that is loaded before the others (LD_PRELOAD): the n-th change of the files beneath one folder fails as asked,
   or ends the process. A write fails in its middle: half of it is on the disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char under[PATH_MAX];
static long at = -1, counted = 0;
static int fault = 0; /* an errno, or 0 to end the process */

void shim_arm(long n, int how, const char *folder) {
    counted = 0;
    at = n;
    fault = how;
    strncpy(under, folder, sizeof under - 1);
}

long shim_count(void) { return counted; }

static int now(const char *path) {
    char whole[2 * PATH_MAX];
    if (!under[0] || !path) return 0;
    if (path[0] != '/') {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here)) return 0;
        snprintf(whole, sizeof whole, "%s/%s", here, path);
        path = whole;
    }
    if (strncmp(path, under, strlen(under))) return 0;
    return ++counted == at;
}

static int fail(void) {
    if (!fault) kill(getpid(), SIGKILL);
    errno = fault;
    return -1;
}

static int now_open(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = under[0] ? readlink(link, path, sizeof path - 1) : -1;
    if (n < 0) return 0;
    path[n] = 0;
    return now(path);
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t n) {
    REAL(write);
    if (now_open(fd)) { if (n > 1) real(fd, data, n / 2); return fail(); }
    return real(fd, data, n);
}

#define OPENS(name) int name(const char *path, int flags, ...) { \
    REAL(name); \
    va_list more; va_start(more, flags); mode_t mode = va_arg(more, mode_t); va_end(more); \
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT)) && now(path)) return fail(); \
    return real(path, flags, mode); }
OPENS(open)
OPENS(open64)

#define BY_PATH(name, parameters, arguments) int name parameters { REAL(name); if (now(path)) return fail(); return real arguments; }
BY_PATH(rename, (const char *path, const char *to), (path, to))
BY_PATH(unlink, (const char *path), (path))
BY_PATH(mkdir, (const char *path, mode_t mode), (path, mode))
BY_PATH(chmod, (const char *path, mode_t mode), (path, mode))

#define BY_FILE(name, parameters, arguments) int name parameters { REAL(name); if (now_open(fd)) return fail(); return real arguments; }
BY_FILE(fsync, (int fd), (fd))
BY_FILE(fchmod, (int fd, mode_t mode), (fd, mode))
BY_FILE(ftruncate, (int fd, off_t n), (fd, n))
BY_FILE(ftruncate64, (int fd, off64_t n), (fd, n))
