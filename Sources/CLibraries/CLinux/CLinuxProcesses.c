#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/kcmp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static int argument_count;
static char **argument_values;

__attribute__((constructor)) static void note_arguments(int count, char **values) {
    argument_count = count;
    argument_values = values;
}

int moss_argument_count(void) { return argument_count; }

const char *moss_argument(int index) {
    return index >= 0 && index < argument_count ? argument_values[index] : NULL;
}

const char *moss_executed_path(void) { return (const char *)getauxval(AT_EXECFN); }

int moss_spawn_in_directory(void *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

int32_t moss_fork(void) { return fork(); }

int moss_pipe(int32_t ends[2]) { return pipe2(ends, O_CLOEXEC); }

const int moss_CLONE_NEWNS = CLONE_NEWNS;
const int moss_CLONE_NEWUSER = CLONE_NEWUSER;
const int moss_CLONE_NEWPID = CLONE_NEWPID;
const int moss_CLONE_NEWIPC = CLONE_NEWIPC;
const int moss_CLONE_NEWNET = CLONE_NEWNET;
const int moss_CLONE_NEWUTS = CLONE_NEWUTS;

int moss_unshare(int flags) { return unshare(flags); }

int moss_share_places(int32_t one, int32_t other) { return syscall(SYS_kcmp, one, other, KCMP_FS, 0L, 0L) == 0; }

int moss_share_descriptors(int32_t one, int32_t other) {
    return syscall(SYS_kcmp, one, other, KCMP_FILES, 0L, 0L) == 0;
}

const unsigned long moss_MS_RDONLY = MS_RDONLY;
const unsigned long moss_MS_NOSUID = MS_NOSUID;
const unsigned long moss_MS_NODEV = MS_NODEV;
const unsigned long moss_MS_NOEXEC = MS_NOEXEC;
const unsigned long moss_MS_BIND = MS_BIND;
const unsigned long moss_MS_REC = MS_REC;
const unsigned long moss_MS_PRIVATE = MS_PRIVATE;
const int moss_MNT_DETACH = MNT_DETACH;

int moss_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *options) {
    return mount(source, target, type, flags, options);
}

int moss_umount(const char *target, int flags) { return umount2(target, flags); }

int moss_pivot_root(const char *new_root, const char *old_root) {
    return (int)syscall(SYS_pivot_root, new_root, old_root);
}

int moss_clone_mounts(const char *path, int recursive) {
    return open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_NO_AUTOMOUNT | (recursive ? AT_RECURSIVE : 0));
}

int moss_make_mounts_read_only(int tree) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    return mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes);
}

int moss_make_proc(void) {
    int context = fsopen("proc", FSOPEN_CLOEXEC);
    if (context < 0) return -1;
    int attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, mount = -1;
    if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) mount = fsmount(context, FSMOUNT_CLOEXEC, attributes);
    int error = errno;
    close(context);
    errno = error;
    return mount;
}

int moss_attach_mounts(int tree, const char *target) {
    return move_mount(tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
}

int moss_attach_mounts_at(int tree, int place) {
    return move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

long moss_lgetxattr(const char *path, const char *name, void *buffer, size_t count) {
    return lgetxattr(path, name, buffer, count);
}

const int moss_MNT_FORCE = MNT_FORCE;

// A question to a file system that does not answer cannot be ended, not even by SIGKILL, once that has begun with it.
static void ask_attribute(const char *path, const char *name, int answer) {
    // Whoever may hang for ever must hold nothing that others wait for.
    if (answer > 0) close_range(0, answer - 1, 0);
    close_range(answer + 1, ~0u, 0);
    if (chdir("/") != 0) _exit(1);
    int32_t self = getpid();
    if (write(answer, &self, sizeof self) != sizeof self) _exit(1);
    static char text[sizeof(int32_t) + 65536];
    ssize_t count = lgetxattr(path, name, text + sizeof(int32_t), sizeof text - sizeof(int32_t));
    int32_t error = count < 0 ? errno : 0;
    memcpy(text, &error, sizeof error);
    ssize_t written = write(answer, text, sizeof error + (count > 0 ? count : 0));
    _exit(written < 0);
}

int moss_ask_attribute(const char *path, const char *name) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    pid_t child = fork();
    if (child == 0) {
        pid_t asker = fork();
        if (asker == 0) ask_attribute(path, name, ends[1]);
        _exit(asker < 0);
    }
    int error = errno;
    close(ends[1]);
    if (child > 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
        return ends[0];
    }
    close(ends[0]);
    errno = error;
    return -1;
}

int moss_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

const int moss_CAP_CHOWN = CAP_CHOWN;
const int moss_CAP_SYS_ADMIN = CAP_SYS_ADMIN;

int moss_has_capability(int capability) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data) != 0) return -1;
    return (data[capability / 32].effective >> (capability % 32)) & 1;
}

int moss_close_descriptors_on_exec(unsigned int first) { return close_range(first, ~0U, CLOSE_RANGE_CLOEXEC); }

int moss_raise_loopback(void) {
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
    memcpy(request.ifr_name, "lo", 3);
    int result = ioctl(descriptor, SIOCSIFFLAGS, &request);
    int number = errno;
    close(descriptor);
    errno = number;
    return result;
}

int moss_wait_for_signal(uint64_t mask, int64_t milliseconds, int *origin) {
    sigset_t set;
    sigemptyset(&set);
    for (int number = 1; number < 64; number++) {
        if (mask >> number & 1) sigaddset(&set, number);
    }
    siginfo_t information;
    struct timespec limit = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    int number = milliseconds < 0 ? sigwaitinfo(&set, &information) : sigtimedwait(&set, &information, &limit);
    if (number > 0) *origin = information.si_code == SI_KERNEL ? 1 : information.si_code == SI_QUEUE ? 2 : 0;
    return number < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : number;
}

int moss_queue_signal(int32_t process, int signal) {
    union sigval none = {.sival_int = 0};
    return sigqueue(process, signal, none);
}

// A handler can only reach variables of the process; one child at a time is forwarded to.
static const int forwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { forwarded_count = sizeof forwarded / sizeof *forwarded };
static struct sigaction former[forwarded_count];
static _Atomic pid_t forward_child;
static _Atomic unsigned int early_signals;

static void forward(int number, siginfo_t *information, void *context) {
    (void)context;
    if (information->si_code == SI_KERNEL && number != SIGHUP) return;
    pid_t child = atomic_load(&forward_child);
    int saved = errno;
    if (child > 0) {
        kill(child, number);
    } else {
        atomic_fetch_or(&early_signals, 1U << number);
    }
    errno = saved;
}

int moss_forward_signals_start(void) {
    atomic_store(&forward_child, 0);
    atomic_store(&early_signals, 0);
    struct sigaction action = {.sa_sigaction = forward, .sa_flags = SA_SIGINFO | SA_RESTART};
    for (int index = 0; index < forwarded_count; index++) {
        if (sigaction(forwarded[index], NULL, &former[index]) != 0) return -1;
        // What the caller ignores, as nohup does with SIGHUP, the child ignores too.
        if (former[index].sa_handler == SIG_IGN) continue;
        if (sigaction(forwarded[index], &action, NULL) != 0) return -1;
    }
    return 0;
}

void moss_forward_signals_to(int32_t child) {
    atomic_store(&forward_child, child);
    unsigned int early = atomic_exchange(&early_signals, 0);
    for (int number = 1; number < 32; number++) {
        if (early & (1U << number)) kill(child, number);
    }
}

void moss_forward_signals_stop(void) {
    atomic_store(&forward_child, 0);
    for (int index = 0; index < forwarded_count; index++) sigaction(forwarded[index], &former[index], NULL);
}
