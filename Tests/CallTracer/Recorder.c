#define _GNU_SOURCE
#include "Recorder.h"

#include "CallNames.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// One line for each event: NAME THREAD FIELD... ; paths are relative to the directory and percent-encoded.
static FILE *log_file;
static FILE *data_file;
static long data_size;
static const char *directory;
static size_t directory_length;

void recorder_watch(const char *below) {
    directory = below;
    directory_length = strlen(below);
}

bool recorder_open(const char *path, const char *below) {
    char data_path[4096];
    snprintf(data_path, sizeof data_path, "%s.data", path);
    recorder_watch(below);
    log_file = fopen(path, "we");
    data_file = fopen(data_path, "we");
    return log_file && data_file;
}

bool recorder_close(void) {
    bool good = !ferror(log_file) && !ferror(data_file);
    return (fclose(log_file) == 0) & (fclose(data_file) == 0) & good;
}

// MARK: Looking into the command

static bool is_below(const char *path) {
    return strncmp(path, directory, directory_length) == 0
        && (path[directory_length] == '/' || path[directory_length] == 0);
}

static bool read_memory(pid_t thread, uint64_t address, void *buffer, size_t size) {
    struct iovec local = {buffer, size};
    struct iovec remote = {(void *)(uintptr_t)address, size};
    return process_vm_readv(thread, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

// Reads a string, page by page: the one after its end may not exist.
static bool read_string(pid_t thread, uint64_t address, char *text, size_t size) {
    size_t length = 0;
    while (length < size) {
        size_t part = 4096 - (address + length) % 4096;
        if (part > size - length) part = size - length;
        if (!read_memory(thread, address + length, text + length, part)) return false;
        if (memchr(text + length, 0, part)) return true;
        length += part;
    }
    return false;
}

static bool read_link(char *path, size_t size, const char *format, ...) {
    char link[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(link, sizeof link, format, arguments);
    va_end(arguments);
    ssize_t length = readlink(link, path, size - 1);
    path[length > 0 ? length : 0] = 0;
    return length > 0;
}

// The absolute path of the name at `address` relative to the command's `base`; false unless it is below the directory.
static bool resolve(pid_t thread, int base, uint64_t address, char *path, size_t size) {
    char name[4096];
    if (!address || !read_string(thread, address, name, sizeof name)) return false;
    if (name[0] == '/') {
        snprintf(path, size, "%s", name);
    } else {
        bool found = base == AT_FDCWD ? read_link(path, size, "/proc/%d/cwd", thread)
                                      : read_link(path, size, "/proc/%d/fd/%d", thread, base);
        if (!found) return false;
        size_t length = strlen(path);
        if (strcmp(name, ".") != 0 && name[0]) snprintf(path + length, size - length, "/%s", name);
    }
    return is_below(path);
}

static bool resolve_descriptor(pid_t thread, int descriptor, struct recorded_call *call) {
    call->descriptor = descriptor;
    return read_link(call->path, sizeof call->path, "/proc/%d/fd/%d", thread, descriptor) && is_below(call->path);
}

static bool descriptor_status(pid_t thread, int descriptor, struct stat *status) {
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/fd/%d", thread, descriptor);
    return stat(link, status) == 0;
}

// Position and flags of a descriptor.
static void descriptor_state(pid_t thread, int descriptor, long *position, long *flags) {
    char path[64], line[128];
    *position = *flags = 0;
    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", thread, descriptor);
    FILE *file = fopen(path, "re");
    if (!file) return;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "pos:", 4) == 0) *position = strtol(line + 4, NULL, 10);
        if (strncmp(line, "flags:", 6) == 0) *flags = strtol(line + 6, NULL, 8);
    }
    fclose(file);
}

// MARK: Entries

static void enter_open(pid_t thread, int base, uint64_t name, uint64_t flags, struct recorded_call *call) {
    bool is_nameless = (flags & O_TMPFILE) == O_TMPFILE;
    if (!is_nameless && (flags & (O_CREAT | O_TRUNC)) == 0) return;
    if (!resolve(thread, base, name, call->path, sizeof call->path)) return;
    struct stat status;
    call->existed = lstat(call->path, &status) == 0;
    call->empties = (flags & O_TRUNC) != 0 && call->existed && status.st_size > 0;
    call->event = is_nameless ? "unsupported" : "create";
}

static void enter_two_names(
    pid_t thread, int from_base, uint64_t from, int to_base, uint64_t to, struct recorded_call *call, const char *event
) {
    bool from_inside = resolve(thread, from_base, from, call->path, sizeof call->path);
    bool to_inside = resolve(thread, to_base, to, call->other, sizeof call->other);
    if (from_inside || to_inside) call->event = from_inside && to_inside ? event : "unsupported";
}

static void enter_with_descriptor(pid_t thread, uint64_t descriptor, struct recorded_call *call, const char *event) {
    if (resolve_descriptor(thread, (int)descriptor, call)) call->event = event;
}

static void enter_with_name(pid_t thread, int base, uint64_t name, struct recorded_call *call, const char *event) {
    if (resolve(thread, base, name, call->path, sizeof call->path)) call->event = event;
}

static void enter_write(pid_t thread, uint64_t descriptor, long offset, struct recorded_call *call) {
    enter_with_descriptor(thread, descriptor, call, "write");
    call->offset = offset;
}

// Calls that only old architectures have, on paths relative to the working directory.
static void enter_old_call(pid_t thread, long number, const uint64_t *a, struct recorded_call *call) {
#if defined(__x86_64__)
    switch (number) {
    case SYS_open: enter_open(thread, AT_FDCWD, a[0], a[1], call); break;
    case SYS_creat: enter_open(thread, AT_FDCWD, a[0], O_CREAT | O_TRUNC, call); break;
    case SYS_mkdir: enter_with_name(thread, AT_FDCWD, a[0], call, "mkdir"); break;
    case SYS_rmdir: enter_with_name(thread, AT_FDCWD, a[0], call, "rmdir"); break;
    case SYS_unlink: enter_with_name(thread, AT_FDCWD, a[0], call, "unlink"); break;
    case SYS_rename: enter_two_names(thread, AT_FDCWD, a[0], AT_FDCWD, a[1], call, "rename"); break;
    case SYS_link: enter_two_names(thread, AT_FDCWD, a[0], AT_FDCWD, a[1], call, "link"); break;
    case SYS_chmod:
    case SYS_chown:
    case SYS_lchown: enter_with_name(thread, AT_FDCWD, a[0], call, "attributes"); break;
    default: enter_with_name(thread, AT_FDCWD, a[0], call, "unsupported"); break;
    }
#endif
}

static void enter_name_call(pid_t thread, long number, const uint64_t *a, struct recorded_call *call) {
    switch (number) {
    case SYS_mkdirat: enter_with_name(thread, (int)a[0], a[1], call, "mkdir"); break;
    case SYS_symlinkat:
        enter_with_name(thread, (int)a[1], a[2], call, "symlink");
        if (call->event && !read_string(thread, a[0], call->other, sizeof call->other)) call->event = "unsupported";
        break;
    case SYS_linkat: enter_two_names(thread, (int)a[0], a[1], (int)a[2], a[3], call, "link"); break;
    case SYS_renameat: enter_two_names(thread, (int)a[0], a[1], (int)a[2], a[3], call, "rename"); break;
    case SYS_renameat2:
        enter_two_names(
            thread, (int)a[0], a[1], (int)a[2], a[3], call, a[4] & RENAME_EXCHANGE ? "exchange" : "rename");
        break;
    case SYS_unlinkat: enter_with_name(thread, (int)a[0], a[1], call, a[2] & AT_REMOVEDIR ? "rmdir" : "unlink"); break;
    case SYS_fchmodat:
    case SYS_fchownat: enter_with_name(thread, (int)a[0], a[1], call, "attributes"); break;
    case SYS_utimensat:
        if (a[1]) enter_with_name(thread, (int)a[0], a[1], call, "attributes");
        else enter_with_descriptor(thread, a[0], call, "attributes");
        break;
    case SYS_mknodat: enter_with_name(thread, (int)a[0], a[1], call, "unsupported"); break;
    case SYS_truncate: enter_with_name(thread, AT_FDCWD, a[0], call, "unsupported"); break;
    default: enter_old_call(thread, number, a, call); break;
    }
}

void recorder_enter(pid_t thread, const struct __ptrace_syscall_info *info, struct recorded_call *call) {
    const uint64_t *a = (const uint64_t *)info->entry.args;
    long number = (long)info->entry.nr;
    call->event = NULL;
    call->descriptor = -1;
    call->offset = -1;
    call->path[0] = call->other[0] = 0;
    switch (number) {
    case SYS_openat: enter_open(thread, (int)a[0], a[1], a[2], call); break;
    case SYS_openat2: {
        struct open_how how = {0};
        if (read_memory(thread, a[2], &how, sizeof how)) enter_open(thread, (int)a[0], a[1], how.flags, call);
        break;
    }
    case SYS_write:
    case SYS_writev: enter_write(thread, a[0], -1, call); break;
    case SYS_pwrite64:
    case SYS_pwritev:
    case SYS_pwritev2: enter_write(thread, a[0], (long)a[3], call); break;
    case SYS_sendfile: enter_write(thread, a[0], -1, call); break;
    case SYS_copy_file_range:
    case SYS_splice: {
        long offset = -1;
        if (a[3] && !read_memory(thread, a[3], &offset, sizeof offset)) offset = -1;
        enter_write(thread, a[2], offset, call);
        break;
    }
    case SYS_ioctl:
        if (a[1] == FICLONE) enter_write(thread, a[0], 0, call);
        else if (a[1] == FICLONERANGE) enter_with_descriptor(thread, a[0], call, "unsupported");
        break;
    case SYS_ftruncate:
    case SYS_fallocate: enter_with_descriptor(thread, a[0], call, "truncate"); break;
    case SYS_fchmod:
    case SYS_fchown: enter_with_descriptor(thread, a[0], call, "attributes"); break;
    case SYS_fsync: enter_with_descriptor(thread, a[0], call, "fsync"); break;
    case SYS_fdatasync: enter_with_descriptor(thread, a[0], call, "fdatasync"); break;
    case SYS_sync_file_range: enter_with_descriptor(thread, a[0], call, "writeback"); break;
    case SYS_syncfs: enter_with_descriptor(thread, a[0], call, "syncfs"); break;
    case SYS_sync: call->event = "syncfs"; break;
    case SYS_mmap:
        if ((a[2] & PROT_WRITE) && (a[3] & MAP_SHARED) && !(a[3] & MAP_ANONYMOUS))
            enter_with_descriptor(thread, a[4], call, "mapped");
        break;
    case SYS_fsetxattr:
    case SYS_fremovexattr: enter_with_descriptor(thread, a[0], call, "unsupported"); break;
    case SYS_setxattr:
    case SYS_lsetxattr:
    case SYS_removexattr:
    case SYS_lremovexattr: enter_with_name(thread, AT_FDCWD, a[0], call, "unsupported"); break;
    case SYS_io_uring_setup:
    case SYS_msync: call->event = "unsupported"; break;
    default:
        if (call_is_mutating(number)) enter_name_call(thread, number, a, call);
        break;
    }
}

// MARK: Exits

static void print_text(const char *text) {
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte <= ' ' || byte == '%' || byte >= 127) fprintf(log_file, "%%%02x", byte);
        else fputc(byte, log_file);
    }
}

static void print_path(const char *path) {
    const char *rest = is_below(path) ? path + directory_length : path;
    fputc(' ', log_file);
    print_text(*rest == '/' ? rest + 1 : *rest ? rest : ".");
}

static void print_status(const struct stat *status) {
    fprintf(
        log_file, " %lu %o %u %u", (unsigned long)status->st_ino, status->st_mode & 07777, status->st_uid,
        status->st_gid);
}

// Reads what was written back from the file, whatever call wrote it.
static bool copy_written(pid_t thread, int descriptor, long offset, long count) {
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/fd/%d", thread, descriptor);
    int file = open(link, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    char buffer[65536];
    long done = 0;
    while (done < count) {
        long wanted = count - done < (long)sizeof buffer ? count - done : (long)sizeof buffer;
        ssize_t got = pread(file, buffer, (size_t)wanted, offset + done);
        if (got <= 0) break;
        fwrite(buffer, 1, (size_t)got, data_file);
        done += got;
    }
    close(file);
    data_size += done;
    return done == count;
}

static void leave_write(pid_t thread, const struct recorded_call *call, const struct stat *status, long result) {
    long position, flags, begin = data_size;
    descriptor_state(thread, call->descriptor, &position, &flags);
    // FICLONE returns 0 and takes over the whole file.
    long count = call->offset == 0 && result == 0 ? (long)status->st_size : result;
    long offset = call->offset >= 0 ? call->offset : position - result;
    bool synced = (flags & O_DSYNC) != 0;
    if (!copy_written(thread, call->descriptor, offset, count)) fprintf(stderr, "call-tracer: cannot read back\n");
    fprintf(
        log_file, "write %d %lu %ld %ld %ld %d", thread, (unsigned long)status->st_ino, offset, count, begin, synced);
    print_path(call->path);
}

static void leave_path_call(pid_t thread, const struct recorded_call *call, bool succeeded) {
    struct stat status = {0};
    if (strcmp(call->event, "create") == 0) {
        if (!succeeded || lstat(call->path, &status) != 0 || (call->existed && !call->empties)) return;
        if (call->existed) {
            fprintf(log_file, "truncate %d %lu 0", thread, (unsigned long)status.st_ino);
        } else {
            fprintf(log_file, "create %d", thread);
            print_status(&status);
        }
    } else {
        // The link, not what it leads to: nothing here changes a file through one.
        const char *made = strcmp(call->event, "link") == 0 ? call->other : call->path;
        if (!succeeded) return;
        fprintf(log_file, "%s %d", call->event, thread);
        if (lstat(made, &status) == 0) print_status(&status);
        else fputs(" 0 0 0 0", log_file);
    }
    print_path(call->path);
    if (strcmp(call->event, "symlink") == 0) {
        fputc(' ', log_file);
        print_text(call->other);
    } else if (call->other[0]) {
        print_path(call->other);
    }
}

void recorder_leave(pid_t thread, const struct recorded_call *call, long result) {
    bool succeeded = result >= 0 || result < -4095;
    struct stat status = {0};
    if (strcmp(call->event, "unsupported") == 0) {
        fprintf(log_file, "unsupported %d", thread);
        print_path(call->path);
    } else if (call->descriptor < 0) {
        leave_path_call(thread, call, succeeded);
    } else if (succeeded && descriptor_status(thread, call->descriptor, &status)) {
        if (strcmp(call->event, "write") == 0) {
            leave_write(thread, call, &status, result);
        } else if (strcmp(call->event, "truncate") == 0) {
            fprintf(
                log_file, "truncate %d %lu %ld", thread, (unsigned long)status.st_ino, (long)status.st_size);
            print_path(call->path);
        } else {
            fprintf(log_file, "%s %d", call->event, thread);
            print_status(&status);
            print_path(call->path);
        }
    }
    fputc('\n', log_file);
}

void recorder_note_exec(pid_t process) {
    char program[4096];
    read_link(program, sizeof program, "/proc/%d/exe", process);
    fprintf(log_file, "exec %d", process);
    print_path(program);
    fputc('\n', log_file);
}

void recorder_note_end(pid_t process, int status) {
    fprintf(log_file, "end %d %d\n", process, status);
}
