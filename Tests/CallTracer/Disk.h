// Disks that go off or fill up. All return false, with errno set, where they cannot do it.
#ifndef DISK_H
#define DISK_H

#include <stdbool.h>

// Cuts off the ext4 file system of a directory: EXT4_IOC_SHUTDOWN with these flags.
bool disk_shut_down(const char *directory, unsigned flags);

// Grows a new file until its file system has no block left.
bool disk_fill_bytes(const char *path);

// Makes files in a new directory until its file system has no inode left.
bool disk_fill_inodes(const char *path);

#endif
