/* Makes the sync of a file fail with EIO while the file that FAULTS names holds the end of its name. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(int fd)
{
    char link[64], path[PATH_MAX], ending[64];
    const char *name = getenv("FAULTS");
    int faults = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (faults < 0)
        return 0;
    ssize_t length = read(faults, ending, sizeof ending);
    close(faults);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path);
    return length > 0 && size >= length && memcmp(path + size - length, ending, length) == 0;
}

static int sync_unless_it_fails(const char *name, int fd)
{
    if (fails(fd)) {
        errno = EIO;
        return -1;
    }
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(fd);
}

int fsync(int fd) { return sync_unless_it_fails("fsync", fd); }
int fdatasync(int fd) { return sync_unless_it_fails("fdatasync", fd); }
