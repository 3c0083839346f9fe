/* Records in one file, in their order, what is written to the files whose path begins with RECORDED, the syncs of them,
 * and what is sent to sockets: for each a struct record, the path, and the bytes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct record {
    char kind[4]; /* "writ", "trun", "sync" when it begins, "done" when it has ended, "sent" before it is */
    uint32_t path_length;
    uint64_t offset, length;
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))
typedef ssize_t (*writing)(int, const void *, size_t);
typedef ssize_t (*writing_at)(int, const void *, size_t, off_t);
typedef ssize_t (*sending)(int, const void *, size_t, int);
typedef ssize_t (*gathering)(int, const struct iovec *, int);
typedef ssize_t (*sending_message)(int, const struct msghdr *, int);
typedef int (*syncing)(int);
typedef int (*truncating)(int, off_t);

static size_t path_of(int fd, char *path)
{
    const char *recorded = getenv("RECORDED");
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = recorded ? readlink(link, path, PATH_MAX - 1) : -1;
    if (size < 0)
        return 0;
    path[size] = 0;
    return strncmp(path, recorded, strlen(recorded)) == 0 ? (size_t)size : 0;
}

static int is_socket(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

static void record(const char *kind, const char *path, uint64_t offset, const struct iovec *parts, int count)
{
    const char *name = getenv("RECORD");
    int to = name ? open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (to < 0)
        return;
    struct record head = {.path_length = strlen(path), .offset = offset};
    memcpy(head.kind, kind, 4);
    for (int part = 0; part < count; part++)
        head.length += parts[part].iov_len;
    pthread_mutex_lock(&one_at_a_time);
    writing put = REAL(writing, "write");
    put(to, &head, sizeof head);
    put(to, path, head.path_length);
    for (int part = 0; part < count; part++)
        put(to, parts[part].iov_base, parts[part].iov_len);
    pthread_mutex_unlock(&one_at_a_time);
    close(to);
}

static void record_sent(int fd, const struct iovec *parts, int count)
{
    if (is_socket(fd))
        record("sent", "", 0, parts, count);
}

static void record_written(int fd, const void *bytes, ssize_t length, off_t offset)
{
    char path[PATH_MAX];
    struct iovec part = {(void *)bytes, length > 0 ? length : 0};
    if (length > 0 && path_of(fd, path))
        record("writ", path, offset, &part, 1);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    struct iovec part = {(void *)bytes, length};
    record_sent(fd, &part, 1);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t written = REAL(writing, "write")(fd, bytes, length);
    record_written(fd, bytes, written, offset);
    return written;
}

static ssize_t write_at(const char *name, int fd, const void *bytes, size_t length, off_t offset)
{
    ssize_t written = REAL(writing_at, name)(fd, bytes, length, offset);
    record_written(fd, bytes, written, offset);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return write_at("pwrite", fd, bytes, length, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) { return write_at("pwrite64", fd, bytes, length, offset); }

ssize_t send(int fd, const void *bytes, size_t length, int flags)
{
    struct iovec part = {(void *)bytes, length};
    record_sent(fd, &part, 1);
    return REAL(sending, "send")(fd, bytes, length, flags);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    record_sent(fd, parts, count);
    return REAL(gathering, "writev")(fd, parts, count);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    record_sent(fd, message->msg_iov, message->msg_iovlen);
    return REAL(sending_message, "sendmsg")(fd, message, flags);
}

static int truncate_to(const char *name, int fd, off_t length)
{
    char path[PATH_MAX];
    int failed = REAL(truncating, name)(fd, length);
    if (!failed && path_of(fd, path))
        record("trun", path, length, NULL, 0);
    return failed;
}

int ftruncate(int fd, off_t length) { return truncate_to("ftruncate", fd, length); }
int ftruncate64(int fd, off_t length) { return truncate_to("ftruncate64", fd, length); }

static int synced(const char *name, int fd)
{
    char path[PATH_MAX];
    size_t recorded = path_of(fd, path);
    if (recorded)
        record("sync", path, 0, NULL, 0);
    int failed = REAL(syncing, name)(fd);
    if (recorded && !failed)
        record("done", path, 0, NULL, 0);
    return failed;
}

int fsync(int fd) { return synced("fsync", fd); }
int fdatasync(int fd) { return synced("fdatasync", fd); }
