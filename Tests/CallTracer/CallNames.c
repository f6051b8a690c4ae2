#include "CallNames.h"

#include <string.h>
#include <sys/syscall.h>

static const struct {
    long number;
    const char *name;
    bool mutating;
} calls[] = {
#define READS(NAME) {SYS_##NAME, #NAME, false},
#define CHANGES(NAME) {SYS_##NAME, #NAME, true},
#include "CallList.h"
};

enum { CALL_COUNT = sizeof calls / sizeof calls[0] };

long call_number(const char *name) {
    for (int index = 0; index < CALL_COUNT; index++)
        if (strcmp(calls[index].name, name) == 0) return calls[index].number;
    return -1;
}

const char *call_name(long number) {
    for (int index = 0; index < CALL_COUNT; index++)
        if (calls[index].number == number) return calls[index].name;
    return 0;
}

bool call_is_mutating(long number) {
    for (int index = 0; index < CALL_COUNT; index++)
        if (calls[index].number == number) return calls[index].mutating;
    return false;
}

bool call_is_about_files(long number) {
    static const char *const reading[] = {
        "access", "faccessat", "faccessat2", "fcntl", "fgetxattr", "flistxattr", "flock", "fstat", "fstatfs",
        "getdents64", "getxattr", "ioctl", "lgetxattr", "listxattr", "llistxattr", "lseek", "lstat", "newfstatat", "open",
        "openat", "openat2", "pread64", "preadv", "read", "readlink", "readlinkat", "readv", "stat", "statfs", "statx",
    };
    if (call_is_mutating(number)) return true;
    const char *name = call_name(number);
    for (size_t index = 0; name && index < sizeof reading / sizeof reading[0]; index++)
        if (strcmp(reading[index], name) == 0) return true;
    return false;
}
