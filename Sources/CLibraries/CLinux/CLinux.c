#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

const int moss_O_PATH = O_PATH;
const int moss_O_TMPFILE = O_TMPFILE;
const int moss_AT_EMPTY_PATH = AT_EMPTY_PATH;
const int moss_AT_FDCWD = AT_FDCWD;
const short moss_POSIX_SPAWN_SETSID = POSIX_SPAWN_SETSID;
const unsigned int moss_RENAME_NOREPLACE = RENAME_NOREPLACE;
const unsigned int moss_RENAME_EXCHANGE = RENAME_EXCHANGE;

int moss_renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags) {
    return renameat2(from_directory, from, to_directory, to, flags);
}

long moss_getrandom(void *buffer, size_t count) { return getrandom(buffer, count, 0); }

int moss_syncfs(int descriptor) { return syncfs(descriptor); }

int moss_sync_file_range(int descriptor, int64_t offset, int64_t count) {
    return sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}

int moss_fallocate(int descriptor, int64_t size) { return fallocate(descriptor, 0, 0, size); }

long moss_getdents64(int descriptor, void *buffer, size_t count) {
    return syscall(SYS_getdents64, descriptor, buffer, count);
}

int moss_openat(int directory, const char *path, int flags, uint32_t mode) {
    return openat(directory, path, flags, mode);
}

static struct flock byte_range(short type, int64_t start, int64_t count) {
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = count};
}

int moss_lock_bytes(int descriptor, int is_exclusive, int64_t start, int64_t count, int waits) {
    struct flock range = byte_range(is_exclusive ? F_WRLCK : F_RDLCK, start, count);
    return fcntl(descriptor, waits ? F_OFD_SETLKW : F_OFD_SETLK, &range);
}

int moss_unlock_bytes(int descriptor, int64_t start, int64_t count) {
    struct flock range = byte_range(F_UNLCK, start, count);
    return fcntl(descriptor, F_OFD_SETLK, &range);
}

int moss_are_bytes_locked(int descriptor, int64_t start, int64_t count) {
    struct flock range = byte_range(F_WRLCK, start, count);
    if (fcntl(descriptor, F_OFD_GETLK, &range) != 0) return -1;
    return range.l_type != F_UNLCK;
}

// Component by component, for kernels and filters that do not know openat2.
static int open_by_components(int directory, const char *path, int flags, uint32_t mode) {
    int current = directory;
    for (;;) {
        const char *end = strchr(path, '/');
        if (!end) break;
        char name[256];
        size_t length = (size_t)(end - path);
        if (length >= sizeof name || (length == 2 && path[0] == '.' && path[1] == '.')) {
            if (current != directory) close(current);
            errno = length >= sizeof name ? ENAMETOOLONG : EXDEV;
            return -1;
        }
        memcpy(name, path, length);
        name[length] = 0;
        path = end + 1;
        if (length == 0) continue;
        int next = openat(current, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int error = errno;
        if (current != directory) close(current);
        errno = error;
        if (next < 0) return -1;
        current = next;
    }
    int result = openat(current, *path ? path : ".", flags | O_NOFOLLOW, mode);
    int error = errno;
    if (current != directory) close(current);
    errno = error;
    return result;
}

static int open_resolving(int directory, const char *path, int flags, uint32_t mode, uint64_t resolve) {
    struct open_how how = {
        .flags = (uint64_t)(uint32_t)flags, .mode = flags & O_CREAT ? mode : 0, .resolve = resolve};
    long result;
    // The kernel gives up where something was renamed meanwhile.
    do result = syscall(SYS_openat2, directory, path, &how, sizeof how);
    while (result < 0 && (errno == EINTR || errno == EAGAIN));
    return (int)result;
}

// Filters of system calls answer EPERM to what they do not know.
static int is_unknown_call(int error) { return error == ENOSYS || error == EPERM; }

int moss_open_beneath(int directory, const char *path, int flags, uint32_t mode) {
    int result = open_resolving(directory, path, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (result >= 0 || !is_unknown_call(errno)) return result;
    return open_by_components(directory, path, flags, mode);
}

int64_t moss_mount_identifier(int descriptor) {
    struct statx status;
    if (statx(descriptor, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_MNT_ID, &status) != 0) return -1;
    return status.stx_mask & STATX_MNT_ID ? (int64_t)status.stx_mnt_id : -1;
}

int moss_held_by(int directory, const char *link, struct moss_held *held) {
    struct statx found;
    unsigned int wanted = STATX_TYPE | STATX_INO | STATX_NLINK | STATX_MNT_ID;
    if (statx(directory, link, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, wanted, &found) != 0) return -1;
    *held = (struct moss_held){
        .device = makedev(found.stx_dev_major, found.stx_dev_minor),
        .inode = found.stx_ino,
        .links = found.stx_nlink,
        .mount = found.stx_mask & STATX_MNT_ID ? (int64_t)found.stx_mnt_id : -1,
        .mode = found.stx_mode,
    };
    return 0;
}

int moss_open_beside(int beside, int directory, const char *link) {
    union {
        struct file_handle handle;
        char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } held = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
    int mount;
    if (name_to_handle_at(directory, link, &held.handle, &mount, AT_SYMLINK_FOLLOW) != 0) return -1;
    return open_by_handle_at(beside, &held.handle, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int moss_open_within(int directory, const char *path, int flags) {
    flags |= O_CLOEXEC;
    int file = open_resolving(directory, path, flags, 0, RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
    if (file >= 0 || !is_unknown_call(errno)) return file;
    file = open_by_components(directory, path, flags, 0);
    if (file < 0) return -1;
    int64_t here = moss_mount_identifier(directory);
    if (here >= 0 && here == moss_mount_identifier(file)) return file;
    close(file);
    errno = here < 0 ? ENOSYS : EXDEV;
    return -1;
}

int moss_open_in_root(int root, const char *path, int flags) {
    return open_resolving(root, path, flags | O_CLOEXEC, 0, RESOLVE_IN_ROOT);
}

int moss_set_place_mode(int descriptor, uint32_t mode) {
    if (syscall(452 /* fchmodat2 */, descriptor, "", mode, AT_EMPTY_PATH) == 0) return 0;
    if (errno != ENOSYS && errno != EPERM) return -1;
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return chmod(path, mode);
}

int moss_set_modification_time(int directory, const char *path, int64_t seconds, int64_t nanoseconds, int flags) {
    struct timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = seconds, .tv_nsec = nanoseconds}};
    return utimensat(directory, path, times, flags);
}

int moss_set_descriptor_time(int descriptor, int64_t seconds) {
    struct timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = seconds, .tv_nsec = 0}};
    return futimens(descriptor, times);
}

static int64_t nanoseconds(struct statx_timestamp time) { return time.tv_sec * 1000000000 + time.tv_nsec; }

int64_t moss_birth_time(int directory, const char *path) {
    struct statx found;
    if (statx(directory, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &found) != 0 || !(found.stx_mask & STATX_BTIME)) return 0;
    return nanoseconds(found.stx_btime);
}

int moss_statx(int directory, const char *path, struct moss_status *status) {
    struct statx found;
    if (statx(directory, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, STATX_BASIC_STATS, &found) != 0) return -1;
    *status = (struct moss_status){
        .device = makedev(found.stx_dev_major, found.stx_dev_minor),
        .inode = found.stx_ino,
        .links = found.stx_nlink,
        .size = found.stx_size,
        .blocks = found.stx_blocks,
        .represented_device = makedev(found.stx_rdev_major, found.stx_rdev_minor),
        .attributes = found.stx_attributes,
        .mode = found.stx_mode,
        .uid = found.stx_uid,
        .gid = found.stx_gid,
        .modified = nanoseconds(found.stx_mtime),
        .changed = nanoseconds(found.stx_ctime),
    };
    return 0;
}

const uint64_t moss_STATX_ATTR_IMMUTABLE = STATX_ATTR_IMMUTABLE;
const uint64_t moss_STATX_ATTR_APPEND = STATX_ATTR_APPEND;

long moss_flistxattr(int descriptor, char *names, size_t count) { return flistxattr(descriptor, names, count); }

int moss_fremovexattr(int descriptor, const char *name) { return fremovexattr(descriptor, name); }

// The calls take an int, whatever their definition says.
int moss_get_file_flags(int descriptor, uint32_t *flags) { return ioctl(descriptor, FS_IOC_GETFLAGS, flags); }

int moss_set_file_flags(int descriptor, uint32_t flags) { return ioctl(descriptor, FS_IOC_SETFLAGS, &flags); }

const uint32_t moss_FS_IMMUTABLE_FL = FS_IMMUTABLE_FL;
const uint32_t moss_FS_APPEND_FL = FS_APPEND_FL;

const int moss_MAP_ANONYMOUS = MAP_ANONYMOUS;
const int moss_MAP_NORESERVE = MAP_NORESERVE;

int moss_memfd_create(const char *name) { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); }

int moss_seal(int descriptor) {
    return fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}

int64_t moss_file_system_type(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? status.f_type : -1;
}

const int moss_UMOUNT_NOFOLLOW = UMOUNT_NOFOLLOW;
