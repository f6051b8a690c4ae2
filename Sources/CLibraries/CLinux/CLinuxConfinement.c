#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
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

// The numbers of calls on this machine, and for the 32-bit programs it runs beside.
#if defined(__x86_64__)
enum { own_machine = AUDIT_ARCH_X86_64, other_machine = AUDIT_ARCH_I386 };
enum { other_ioctl = 54, other_add_key = 286, other_request_key = 287, other_keyctl = 288 };
#elif defined(__aarch64__)
enum { own_machine = AUDIT_ARCH_AARCH64, other_machine = AUDIT_ARCH_ARM };
enum { other_ioctl = 54, other_add_key = 309, other_request_key = 310, other_keyctl = 311 };
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), yes, no)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)

int moss_filter_calls(void) {
#if defined(__x86_64__) || defined(__aarch64__)
    // args are 64 bits; these machines are little-endian, so the command's number comes first.
    static struct sock_filter program[] = {
        /*  0 */ LOAD(arch),
        /*  1 */ IF(own_machine, 0, 7),
        /*  2 */ LOAD(nr),
        // Calls of the x32 kind, another set of numbers for the same.
        /*  3 */ BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 16, 0),
        /*  4 */ IF(SYS_ioctl, 11, 0),
        /*  5 */ IF(SYS_add_key, 14, 0),
        /*  6 */ IF(SYS_request_key, 13, 0),
        /*  7 */ IF(SYS_keyctl, 12, 0),
        /*  8 */ RETURN(SECCOMP_RET_ALLOW),
        /*  9 */ IF(other_machine, 0, 10),
        /* 10 */ LOAD(nr),
        /* 11 */ IF(other_ioctl, 4, 0),
        /* 12 */ IF(other_add_key, 7, 0),
        /* 13 */ IF(other_request_key, 6, 0),
        /* 14 */ IF(other_keyctl, 5, 0),
        /* 15 */ RETURN(SECCOMP_RET_ALLOW),
        /* 16 */ LOAD(args[1]),
        /* 17 */ IF(TIOCSTI, 3, 0),
        /* 18 */ IF(TIOCLINUX, 2, 0),
        /* 19 */ RETURN(SECCOMP_RET_ALLOW),
        /* 20 */ RETURN(SECCOMP_RET_ERRNO | ENOSYS),
        /* 21 */ RETURN(SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog filter = {.len = sizeof program / sizeof *program, .filter = program};
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
