#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int moss_keep_capabilities(uint64_t kept) {
    for (int number = 0; number < 64; number++) {
        if (kept >> number & 1) continue;
        // EINVAL: the kernel has no capability of this number.
        if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0 && errno != EINVAL) return -1;
    }
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data) != 0) return -1;
    for (int part = 0; part < _LINUX_CAPABILITY_U32S_3; part++) {
        uint32_t mask = (uint32_t)(kept >> (32 * part));
        data[part].effective &= mask;
        data[part].permitted &= mask;
        data[part].inheritable &= mask;
    }
    return (int)syscall(SYS_capset, &header, data);
}

int moss_forbid_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int moss_forbid_inspection(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int moss_close_range(unsigned int first, unsigned int last) { return close_range(first, last, 0); }

// The numbers of calls on this machine, and for the 32-bit programs it runs beside. The newer ones are the same on all.
#if defined(__x86_64__)
enum { own_machine = AUDIT_ARCH_X86_64, other_machine = AUDIT_ARCH_I386 };
enum { other_ioctl = 54, other_add_key = 286, other_request_key = 287, other_keyctl = 288, other_unshare = 310 };
enum { other_setns = 346, other_pivot_root = 217 };
#elif defined(__aarch64__)
enum { own_machine = AUDIT_ARCH_AARCH64, other_machine = AUDIT_ARCH_ARM };
enum { other_ioctl = 54, other_add_key = 309, other_request_key = 310, other_keyctl = 311, other_unshare = 337 };
enum { other_setns = 375, other_pivot_root = 218 };
#endif
#if defined(__x86_64__) || defined(__aarch64__)
enum { own_ioctl = SYS_ioctl, own_add_key = SYS_add_key, own_request_key = SYS_request_key, own_keyctl = SYS_keyctl };
enum { own_clone = SYS_clone, own_unshare = SYS_unshare, own_setns = SYS_setns, own_mount = SYS_mount };
enum { own_umount = SYS_umount2, own_umount2 = SYS_umount2, own_pivot_root = SYS_pivot_root };
enum { other_clone = 120, other_mount = 21, other_umount = 22, other_umount2 = 52 };
enum { call_open_tree = 428, call_move_mount = 429, call_fsopen = 430, call_fsmount = 432, call_fspick = 433 };
enum { call_clone3 = 435, call_mount_setattr = 442, call_open_tree_attr = 467 };
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), yes, no)
#define IF_AT_LEAST(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)(value), yes, no)
#define IF_ANY(bits, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(bits), yes, no)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define REFUSE(error) RETURN(SECCOMP_RET_ERRNO | error)
#define ALLOW RETURN(SECCOMP_RET_ALLOW)

// Arguments are 64 bits; these machines are little-endian, so the half with all the flags and commands comes first.
#define REFUSE_CALL(number, error) IF(number, 0, 1), REFUSE(error)
#define REFUSE_TYPING(number) \
    IF(number, 0, 5), LOAD(args[1]), IF(TIOCSTI, 1, 0), IF(TIOCLINUX, 0, 1), REFUSE(EPERM), ALLOW
#define REFUSE_NEW_USERS(number) IF(number, 0, 4), LOAD(args[0]), IF_ANY(CLONE_NEWUSER, 0, 1), REFUSE(EPERM), ALLOW

// Each rule stands for itself; those that load something else than the call's number end there.
// From 0x40000000 on are calls of the x32 kind, another set of numbers for the same.
#define FIRST_RULES(machine) \
    LOAD(nr), IF_AT_LEAST(0x40000000, 0, 1), REFUSE(ENOSYS), REFUSE_TYPING(machine##_ioctl), \
    REFUSE_CALL(machine##_add_key, EPERM), REFUSE_CALL(machine##_request_key, EPERM), \
    REFUSE_CALL(machine##_keyctl, EPERM)
// What clone3 is asked for lies in memory, where no filter can look; libraries that hear of no such call take clone.
#define MOUNT_RULES(machine) \
    REFUSE_NEW_USERS(machine##_clone), REFUSE_NEW_USERS(machine##_unshare), REFUSE_CALL(call_clone3, ENOSYS), \
    REFUSE_CALL(machine##_setns, EPERM), \
    REFUSE_CALL(machine##_mount, EPERM), REFUSE_CALL(machine##_umount, EPERM), REFUSE_CALL(machine##_umount2, EPERM), \
    REFUSE_CALL(machine##_pivot_root, EPERM), REFUSE_CALL(call_open_tree, EPERM), \
    REFUSE_CALL(call_move_mount, EPERM), REFUSE_CALL(call_fsopen, EPERM), REFUSE_CALL(call_fsmount, EPERM), \
    REFUSE_CALL(call_fspick, EPERM), REFUSE_CALL(call_mount_setattr, EPERM), REFUSE_CALL(call_open_tree_attr, EPERM)

#define COUNT(...) (sizeof((struct sock_filter[]){__VA_ARGS__}) / sizeof(struct sock_filter))
#define ON(machine, ...) IF(machine, 0, COUNT(__VA_ARGS__)), __VA_ARGS__

int moss_filter_calls(int refuses_mounts) {
#if defined(__x86_64__) || defined(__aarch64__)
    static struct sock_filter few[] = {
        LOAD(arch),
        ON(own_machine, FIRST_RULES(own), ALLOW),
        ON(other_machine, FIRST_RULES(other), ALLOW),
        REFUSE(ENOSYS),
    };
    static struct sock_filter many[] = {
        LOAD(arch),
        ON(own_machine, FIRST_RULES(own), MOUNT_RULES(own), ALLOW),
        ON(other_machine, FIRST_RULES(other), MOUNT_RULES(other), ALLOW),
        REFUSE(ENOSYS),
    };
    struct sock_fprog filter = {.len = sizeof few / sizeof *few, .filter = few};
    if (refuses_mounts) filter = (struct sock_fprog){.len = sizeof many / sizeof *many, .filter = many};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0) return 0;
    // A kernel without filters: what they refuse is the second line of defence.
    return errno == EINVAL ? 0 : -1;
#else
    return 0;
#endif
}

void moss_leave_abstract_sockets(void) {
    // struct landlock_ruleset_attr since Linux 6.12; older headers lack its last field.
    struct {
        uint64_t handled_access_fs, handled_access_net, scoped;
    } rules = {0, 0, 1 << 0 /* LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET */};
    enum { create_ruleset = 444, restrict_self = 446 };
    int descriptor = (int)syscall(create_ruleset, &rules, sizeof rules, 0);
    if (descriptor < 0) return;
    syscall(restrict_self, descriptor, 0);
    close(descriptor);
}
