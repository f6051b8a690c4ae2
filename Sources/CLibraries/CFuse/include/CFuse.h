// libfuse 3.14's low-level interface, and what that version lacks of the kernel's: passthrough, spoken by hand.
// One session per process; the functions below share its state.
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>

_Static_assert(sizeof(off_t) == 8, "libfuse passes 64-bit offsets");
// libfuse insists on the macro. Where offsets have 64 bits anyway it must not reach the C library's headers, whose
// types Swift would otherwise take for different ones.
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif
// Version 3.12 of the interface.
#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>

#pragma clang assume_nonnull begin

// How a file system's requests are numbered by the kernel; there are fewer than this many kinds.
#define MOSS_FUSE_OPCODES 64

// Takes over reading and writing of the session's device, after it is mounted: requests are counted, and the first
// reply asks for passthrough when `depth` is not 0. `depth` is the kernel's stacking depth: 1, or 2 where the backing
// files lie on a stacked file system themselves.
int moss_fuse_attach(struct fuse_session *session, uint32_t depth);

// Waits until the kernel has its first answer and others can follow; false when moss_fuse_end_waiting came before.
bool moss_fuse_wait_for_beginning(void);
// To be called when the loop has ended.
void moss_fuse_end_waiting(void);

// Whether the kernel was asked for passthrough; known once the session is initialised.
bool moss_fuse_asked_for_passthrough(void);

// Requests of one kind so far.
uint64_t moss_fuse_request_count(uint32_t opcode);

// Registers an open file with the kernel: an id above 0, or a negative errno.
int moss_fuse_open_backing(struct fuse_session *session, int file);
// Gives an id back; files open through it stay open.
int moss_fuse_close_backing(struct fuse_session *session, int id);

// Answers OPEN so that reads go to the backing file without us. Returns like fuse_reply_buf.
int moss_fuse_reply_passthrough(fuse_req_t request, int id);
// Answers OPEN so that what was read stays cached, and no FLUSH comes.
int moss_fuse_reply_cached_open(fuse_req_t request, uint64_t handle);
// Answers OPENDIR; a cached listing is kept for as long as the kernel likes.
int moss_fuse_reply_directory(fuse_req_t request, uint64_t handle, bool cached);
// The handle that an answer to OPEN or OPENDIR gave.
uint64_t moss_fuse_handle(const struct fuse_file_info *info);

#pragma clang assume_nonnull end
