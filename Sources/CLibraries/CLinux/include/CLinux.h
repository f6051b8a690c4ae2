// Linux calls and constants that glibc shows only under _GNU_SOURCE, which the Swift importer does not define.
// Every wrapper returns the call's result and leaves errno as the call set it.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

extern const int moss_O_PATH;
extern const int moss_O_TMPFILE;
extern const int moss_AT_EMPTY_PATH;
extern const int moss_AT_FDCWD;
extern const short moss_POSIX_SPAWN_SETSID;

int moss_renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags);
extern const unsigned int moss_RENAME_NOREPLACE;
extern const unsigned int moss_RENAME_EXCHANGE;

int moss_syncfs(int descriptor);
int moss_sync_file_range(int descriptor, int64_t offset, int64_t count);
int moss_fallocate(int descriptor, int64_t size);
ssize_t moss_getdents64(int descriptor, void *buffer, size_t count);

// O_CREAT needs the variadic third argument.
int moss_openat(int directory, const char *path, int flags, mode_t mode);
// Sets the modification time, leaves the access time: UTIME_OMIT is a compound macro.
int moss_set_modification_time(int directory, const char *path, int64_t seconds, int64_t nanoseconds, int flags);
// Modification time of an open file.
int moss_set_descriptor_time(int descriptor, int64_t seconds);


#pragma clang assume_nonnull end
