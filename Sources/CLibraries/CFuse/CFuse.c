#define _GNU_SOURCE
#include "CFuse.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

// The kernel's numbers; its header on this system is older than they are.
enum { opcode_init = 26 };
enum { flag_init_ext = 1u << 30, flag2_passthrough = 1u << 5, open_noflush = 1u << 5, open_passthrough = 1u << 7 };

struct request_header {
    uint32_t length, opcode;
    uint64_t unique, node;
    uint32_t uid, gid, pid;
    uint16_t extension_length, padding;
};

struct reply_header {
    uint32_t length;
    int32_t error;
    uint64_t unique;
};

struct init_request {
    uint32_t major, minor, max_readahead, flags, flags2, unused[11];
};

struct init_reply {
    uint32_t major, minor, max_readahead, flags;
    uint16_t max_background, congestion_threshold;
    uint32_t max_write, time_gran;
    uint16_t max_pages, map_alignment;
    uint32_t flags2, max_stack_depth, unused[6];
};
_Static_assert(sizeof(struct init_reply) == 64, "as the kernel has it");

struct open_reply {
    uint64_t handle;
    uint32_t flags;
    int32_t backing_id;
};

struct backing_map {
    int32_t file;
    uint32_t flags;
    uint64_t padding;
};

static _Atomic uint64_t request_counts[MOSS_FUSE_OPCODES];
static uint32_t wanted_depth;
// Not 0 between reading INIT and answering it, before which there is no other request.
static _Atomic uint64_t init_unique;
static bool kernel_offers_passthrough;
static atomic_bool asked;
static atomic_bool initialised;
static sem_t beginning;  // one waiter

static ssize_t read_request(int device, void *buffer, size_t size, void *userdata) {
    (void)userdata;
    ssize_t count = read(device, buffer, size);
    if (count < (ssize_t)sizeof(struct request_header)) return count;
    const struct request_header *header = buffer;
    if (header->opcode < MOSS_FUSE_OPCODES)
        atomic_fetch_add_explicit(&request_counts[header->opcode], 1, memory_order_relaxed);
    if (header->opcode == opcode_init
        && count >= (ssize_t)(sizeof(struct request_header) + offsetof(struct init_request, unused))) {
        const struct init_request *init = (const void *)(header + 1);
        kernel_offers_passthrough = (init->flags & flag_init_ext) && (init->flags2 & flag2_passthrough);
        atomic_store(&init_unique, header->unique);
    }
    return count;
}

static ssize_t write_first_reply(int device, const struct iovec *parts) {
    ssize_t count = writev(device, parts, 2);
    int error = errno;
    atomic_store(&initialised, count > 0);
    sem_post(&beginning);
    errno = error;
    return count;
}

static ssize_t write_reply(int device, struct iovec *parts, int count, void *userdata) {
    (void)userdata;
    uint64_t unique = atomic_load_explicit(&init_unique, memory_order_relaxed);
    if (unique == 0) return writev(device, parts, count);
    const struct reply_header *header = parts[0].iov_base;
    struct init_reply reply;
    bool is_init = header->unique == unique && header->error == 0 && count == 2
        && parts[1].iov_len == sizeof reply;
    if (!is_init) return writev(device, parts, count);
    atomic_store(&init_unique, 0);
    if (!kernel_offers_passthrough || wanted_depth == 0) return write_first_reply(device, parts);
    memcpy(&reply, parts[1].iov_base, sizeof reply);
    reply.flags |= flag_init_ext;
    reply.flags2 |= flag2_passthrough;
    reply.max_stack_depth = wanted_depth;
    struct iovec changed[2] = {parts[0], {.iov_base = &reply, .iov_len = sizeof reply}};
    atomic_store(&asked, true);
    return write_first_reply(device, changed);
}

int moss_fuse_attach(struct fuse_session *session, uint32_t depth) {
    static const struct fuse_custom_io io = {.read = read_request, .writev = write_reply};
    wanted_depth = depth;
    sem_init(&beginning, 0, 0);
    return fuse_session_custom_io(session, &io, fuse_session_fd(session));
}

bool moss_fuse_wait_for_beginning(void) {
    while (sem_wait(&beginning) != 0) {}
    return atomic_load(&initialised);
}

void moss_fuse_end_waiting(void) { sem_post(&beginning); }

bool moss_fuse_asked_for_passthrough(void) { return atomic_load(&asked); }

uint64_t moss_fuse_request_count(uint32_t opcode) {
    return opcode < MOSS_FUSE_OPCODES ? atomic_load_explicit(&request_counts[opcode], memory_order_relaxed) : 0;
}

int moss_fuse_open_backing(struct fuse_session *session, int file) {
    struct backing_map map = {.file = file};
    int id = ioctl(fuse_session_fd(session), _IOW(229, 1, struct backing_map), &map);
    return id < 0 ? -errno : id;
}

int moss_fuse_close_backing(struct fuse_session *session, int id) {
    uint32_t argument = id;
    return ioctl(fuse_session_fd(session), _IOW(229, 2, uint32_t), &argument) < 0 ? -errno : 0;
}

int moss_fuse_reply_passthrough(fuse_req_t request, int id) {
    struct open_reply reply = {.flags = open_passthrough | open_noflush, .backing_id = id};
    return fuse_reply_buf(request, (const char *)&reply, sizeof reply);
}

int moss_fuse_reply_cached_open(fuse_req_t request, uint64_t handle) {
    struct fuse_file_info info = {.keep_cache = 1, .noflush = 1, .fh = handle};
    return fuse_reply_open(request, &info);
}

int moss_fuse_reply_directory(fuse_req_t request, uint64_t handle, bool cached) {
    struct fuse_file_info info = {.keep_cache = cached, .cache_readdir = cached, .fh = handle};
    return fuse_reply_open(request, &info);
}

uint64_t moss_fuse_handle(const struct fuse_file_info *info) { return info->fh; }
