// Linux calls and constants that glibc shows only under _GNU_SOURCE, which the Swift importer does not define.
// Every wrapper returns the call's result and leaves errno as the call set it.
//
// No other header is included: its types would count as this module's where it is imported before Glibc. Hence no
// pid_t, mode_t and ssize_t, but what they stand for.
#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

extern const int moss_O_PATH;
extern const int moss_O_TMPFILE;
extern const int moss_AT_EMPTY_PATH;
extern const int moss_AT_FDCWD;
extern const short moss_POSIX_SPAWN_SETSID;

int moss_renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags);
extern const unsigned int moss_RENAME_NOREPLACE;
extern const unsigned int moss_RENAME_EXCHANGE;

// Waits only while the machine starts and has no randomness yet.
long moss_getrandom(void *_Nullable buffer, size_t count);

int moss_syncfs(int descriptor);
int moss_sync_file_range(int descriptor, int64_t offset, int64_t count);
int moss_fallocate(int descriptor, int64_t size);
long moss_getdents64(int descriptor, void *buffer, size_t count);

// O_CREAT needs the variadic third argument.
int moss_openat(int directory, const char *path, int flags, uint32_t mode);
// A lock on bytes of a file that belongs to the open file (F_OFD_SETLK); 0 has it.
int moss_lock_bytes(int descriptor, int is_exclusive, int64_t start, int64_t count, int waits);
int moss_unlock_bytes(int descriptor, int64_t start, int64_t count);
// Whether another open file has a lock there; -1 on failure.
int moss_are_bytes_locked(int descriptor, int64_t start, int64_t count);
// Like openat of a path of several components, none of which may be a link or lead out of `directory`.
int moss_open_beneath(int directory, const char *path, int flags, uint32_t mode);
// Opens `path` below `directory` on the same mount: with EXDEV where anything is mounted on the way, bind mounts
// included, with ELOOP for a link anywhere in it.
int moss_open_within(int directory, const char *path, int flags);
// Opens `path` as it is for a process whose root is `root`.
int moss_open_in_root(int root, const char *path, int flags);
// The identifier of the mount an open file was reached by, as in mountinfo; -1 where the kernel does not tell.
int64_t moss_mount_identifier(int descriptor);
// What `link`, one of those in /proc, leads to, without waiting for a file system that does not answer; `mount` is -1
// where the kernel does not tell.
struct moss_held {
    uint64_t device, inode, links;
    int64_t mount;
    uint32_t mode;
};
int moss_held_by(int directory, const char *link, struct moss_held *held);
// Opens the directory that `link` leads to as a place on the mount of `beside`, however far from each other they are
// mounted. Takes a right that only the machine's root has, and a file system that can.
int moss_open_beside(int beside, int directory, const char *link);
// Changes the mode of an open file, which may be a mere place (O_PATH).
int moss_set_place_mode(int descriptor, uint32_t mode);
// Sets the modification time, leaves the access time: UTIME_OMIT is a compound macro.
int moss_set_modification_time(int directory, const char *path, int64_t seconds, int64_t nanoseconds, int flags);
// Modification time of an open file.
int moss_set_descriptor_time(int descriptor, int64_t seconds);

// What statx(2) tells of `path`, or of `directory` itself where that is empty.
struct moss_status {
    uint64_t device, inode, links, size, blocks, represented_device, attributes;
    uint32_t mode, uid, gid;
    int64_t modified, changed;
};
// When it was made, in nanoseconds since 1970; 0 where the file system does not know.
int64_t moss_birth_time(int directory, const char *path);
int moss_statx(int directory, const char *path, struct moss_status *status);
extern const uint64_t moss_STATX_ATTR_IMMUTABLE;
extern const uint64_t moss_STATX_ATTR_APPEND;

// Names of the extended attributes of an open file, each with its NUL; their length.
long moss_flistxattr(int descriptor, char *_Nullable names, size_t count);
int moss_fremovexattr(int descriptor, const char *name);
// The flags that chattr(1) sets, of an open file.
int moss_get_file_flags(int descriptor, uint32_t *flags);
int moss_set_file_flags(int descriptor, uint32_t flags);
extern const uint32_t moss_FS_IMMUTABLE_FL;
extern const uint32_t moss_FS_APPEND_FL;

// Processes, namespaces and mounts: CLinuxProcesses.c.

// The arguments this process was started with, from where the loader hands them over: the Swift library reads them from
// /proc, which need not be mounted.
int moss_argument_count(void);
const char *_Nullable moss_argument(int index);
// The path the kernel executed; relative where it was so, and then to the directory of that moment.
const char *_Nullable moss_executed_path(void);
// One or two of the calls that prepare a child, see `spawnDetached`.
int moss_spawn_in_directory(void *actions, const char *path);

// The importer hides fork. The caller must have only one thread if the child does more than exec.
int32_t moss_fork(void);
// Two close-on-exec descriptors, the reading one first.
int moss_pipe(int32_t ends[_Nonnull 2]);

extern const int moss_CLONE_NEWNS;
extern const int moss_CLONE_NEWUSER;
extern const int moss_CLONE_NEWPID;
extern const int moss_CLONE_NEWIPC;
extern const int moss_CLONE_NEWNET;
extern const int moss_CLONE_NEWUTS;
int moss_unshare(int flags);
// Whether two threads have one working and root directory, and one table of descriptors, between them; 0 where the
// kernel does not tell.
int moss_share_places(int32_t one, int32_t other);
int moss_share_descriptors(int32_t one, int32_t other);

extern const unsigned long moss_MS_RDONLY;
extern const unsigned long moss_MS_NOSUID;
extern const unsigned long moss_MS_NODEV;
extern const unsigned long moss_MS_NOEXEC;
extern const unsigned long moss_MS_BIND;
extern const unsigned long moss_MS_REC;
extern const unsigned long moss_MS_PRIVATE;
extern const int moss_MNT_DETACH;
int moss_mount(const char *_Nullable source, const char *target, const char *_Nullable type, unsigned long flags,
               const char *_Nullable options);
int moss_umount(const char *target, int flags);
int moss_pivot_root(const char *new_root, const char *old_root);
// A detached copy of the mount tree at `path`; a descriptor.
int moss_clone_mounts(const char *path, int recursive);
// Makes every mount of a cloned tree read-only; flags that are already set stay.
int moss_make_mounts_read_only(int tree);
int moss_attach_mounts(int tree, const char *target);
// A /proc that is attached nowhere, read-only; a place.
int moss_make_proc(void);
// The same where the target is an open place.
int moss_attach_mounts_at(int tree, int place);

// Reads an extended attribute of `path` itself, not of a link's target.
long moss_lgetxattr(const char *path, const char *name, void *_Nullable buffer, size_t count);

// Signal number that this process gets when the thread that made it ends.
int moss_set_parent_death_signal(int signal);
extern const int moss_CAP_CHOWN;
extern const int moss_CAP_SYS_ADMIN;
// 1 when the capability is effective, 0 when not, -1 on failure.
int moss_has_capability(int capability);
// Every descriptor from `first` up is closed by the next exec.
int moss_close_descriptors_on_exec(unsigned int first);
// Takes up the loopback device of this network namespace.
int moss_raise_loopback(void);

// Signal n is bit n of a set.
// Waits for a signal of `set`, which is blocked; at most `milliseconds`, for ever when negative. 0 at the time-out.
// `origin`: 0 sent by a process, 1 by the kernel, 2 by `moss_queue_signal`.
int moss_wait_for_signal(uint64_t set, int64_t milliseconds, int *origin);
int moss_queue_signal(int32_t process, int signal);
// SIGHUP, SIGINT, SIGQUIT and SIGTERM that someone sends to this process go on to a child: those of `start` to
// `stop`, also such as came before `moss_forward_signals_to`. Signals of the terminal are left to the child, which
// gets them itself.
int moss_forward_signals_start(void);
void moss_forward_signals_to(int32_t child);
void moss_forward_signals_stop(void);
extern const int moss_MAP_ANONYMOUS;
extern const int moss_MAP_NORESERVE;
// Close-on-exec, sealable.
int moss_memfd_create(const char *name);
// No shrinking, growing or writing any more: F_ADD_SEALS is variadic.
int moss_seal(int descriptor);
// The magic number of a file's file system; -1 when it cannot be had.
int64_t moss_file_system_type(int descriptor);

extern const int moss_UMOUNT_NOFOLLOW;
extern const int moss_MNT_FORCE;

// Asks for an extended attribute of `path` itself, which is absolute, in a process of its own that nobody waits for.
// Returns what can be read from: an int32_t, that process's number, at once; later another, 0 or an errno, and the
// value; -1 on failure.
int moss_ask_attribute(const char *path, const char *name);

// Taking rights away for good: CLinuxConfinement.c.

// Bit n is capability n. Neither this process nor any program it executes has another one from here on.
int moss_keep_capabilities(uint64_t kept);
// No program executed from here on gets rights by its file.
int moss_forbid_new_privileges(void);
// Nobody without rights over the namespace this program was executed in looks into this process until it executes
// another.
int moss_forbid_inspection(void);
int moss_close_range(unsigned int first, unsigned int last);
// From here on no typing into terminals (TIOCSTI, TIOCLINUX), and no keys of the kernel, which are the same in all
// namespaces of processes and mounts; or no mounting either, and no namespaces of users.
int moss_filter_calls(int refuses_mounts);
// Abstract sockets of processes outside are out of reach from here on, where the kernel can (Linux 6.12).
void moss_leave_abstract_sockets(void);

// Terminals: CLinuxTerminal.c.

extern const int moss_O_NOCTTY;
int moss_unlock_pty(int master, unsigned int *number);
// Makes it the terminal of this session, which this process leads.
int moss_take_terminal(int terminal);
// Modes and size.
void moss_copy_terminal(int from, int to);
// Keeps the terminal's modes in this process and its forks, for `moss_restore_terminal`.
void moss_keep_terminal(int terminal);
void moss_restore_terminal(void);
// Carries bytes between the terminal, which was kept, and a pty until nobody has the pty's other end open, or the other
// end of `lifeline` closes. `reads`: input goes to the pty, and the terminal is raw meanwhile. `writes`: nobody else
// writes to the terminal.
void moss_relay_terminal(int terminal, int reads, int writes, int master, int lifeline);

#pragma clang assume_nonnull end
