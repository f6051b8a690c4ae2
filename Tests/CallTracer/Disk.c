#define _GNU_SOURCE
#include "Disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

bool disk_shut_down(const char *directory, unsigned flags) {
    int file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0 || ioctl(file, _IOR('X', 125, unsigned), &flags) != 0) return false;
    close(file);
    return true;
}

bool disk_fill_bytes(const char *path) {
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return errno == ENOSPC;  // not even room for a name
    off_t size = 0;
    for (off_t piece = 1 << 30; piece >= 1024; piece /= 2) {
        while (fallocate(file, 0, size, piece) == 0) size += piece;
        if (errno != ENOSPC) return false;
    }
    close(file);
    return true;
}

bool disk_fill_inodes(const char *path) {
    if (mkdir(path, 0700) != 0) return errno == ENOSPC;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return false;
    char name[32];
    for (unsigned number = 0;; number++) {
        snprintf(name, sizeof name, "%u", number);
        int file = openat(directory, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0) break;
        close(file);
    }
    close(directory);
    return errno == ENOSPC;
}
