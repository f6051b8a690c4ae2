// call-tracer: runs a command under ptrace and counts its system calls, kills it at the N-th, makes one fail or fall
// short, writes down what it does to files, or fills or cuts the power of the file system it works on.
// Threads, forks and execs of the command are followed; see usage() below.
#define _GNU_SOURCE
#include "CallNames.h"
#include "Disk.h"
#include "Recorder.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    EXIT_KILLED = 90,       // kill: the command was killed at its N-th call
    EXIT_USAGE = 91,        // wrong arguments
    EXIT_TRACER = 92,       // the command could not be started or traced
    CALL_NUMBERS = 1024,    // more than any architecture uses
    TRACEES_MAX = 4096,
    ANY_CALL = -2,
};

enum mode { MODE_COUNT, MODE_KILL, MODE_FAIL, MODE_SHORT, MODE_RECORD, MODE_SHUTDOWN, MODE_FILL };

struct tracee {
    pid_t thread;
    bool failing;  // the call was replaced by an invalid one at its entry; its result is set at the exit
    bool last;     // kill --after: the command ends when this thread leaves its call
    bool held;     // stopped at the entry of a call until another thread has left its own
};

static struct {
    enum mode mode;
    bool after;             // kill: after the call has been carried out, not before
    bool mutating;          // kill: only calls that change a file system count
    long target;            // the N of kill, fail, short, shutdown and fill
    long failing_number;    // fail, short: the system call's number; ANY_CALL for all that are about files
    bool failing_ever;      // fail: the calls after the N-th too
    int failing_errno;
    long short_count;       // short: how many bytes the call may take
    const char *output;     // count, record: where the result goes
    const char *below;      // record, shutdown, fill: the directory that counts
    const char *filler;     // fill: what takes the space
    bool fills_inodes;      // fill: inodes, not bytes
    const char *kill_event; // record: the event that ends its process
    long kill_target;
    unsigned shutdown_flags;
    char **command;
} options;

static unsigned long counts[CALL_NUMBERS];
static unsigned long total;
static unsigned long creating_opens;
static long matching;
static struct tracee tracees[TRACEES_MAX];
static size_t tracee_count;
static pid_t first;
static bool counting;       // false until the command's own exec has happened
// record, shutdown, fill: the thread that is inside a call to record; the others wait at theirs, so that the order is known.
static pid_t recording;
static struct recorded_call recorded;
static long kill_matching;

static void usage(void) {
    fputs(
        "call-tracer count -o FILE -- CMD...\n"
        "    writes \"NAME COUNT\" lines for all system calls of CMD and what it starts,\n"
        "    and the lines \"openat(O_CREAT|O_TRUNC) COUNT\" and \"total COUNT\"\n"
        "call-tracer kill [--after] [--mutating] N -- CMD...\n"
        "    kills CMD and what it started just before its N-th system call since its exec (counted from 1 over all\n"
        "    threads and children), with --after just after it; exit code 90 says that it was killed.\n"
        "    With --mutating only calls that change a file system are counted\n"
        "call-tracer fail [--ever] NAME N ERRNO -- CMD...\n"
        "    lets the N-th call of NAME fail with the error number ERRNO without carrying it out, with --ever also all that\n"
        "    follow. NAME may be `any`: every call that opens, looks at, reads or changes files counts\n"
        "call-tracer short NAME N BYTES -- CMD...\n"
        "    lets the N-th call of NAME (write, pwrite64, read, pread64, ...) take no more than BYTES bytes\n"
        "call-tracer record -o FILE --below DIR [--fail NAME N ERRNO] [--kill EVENT N] -- CMD...\n"
        "    writes every call that changes files below DIR or makes them durable to FILE, one line each, and the\n"
        "    bytes written to FILE.data. --kill kills the process that makes the N-th EVENT (exchange, create, ...)\n"
        "    just after it; what else CMD starts goes on\n"
        "call-tracer shutdown DIR N FLAGS -- CMD...\n"
        "    cuts the power of the ext4 file system DIR (EXT4_IOC_SHUTDOWN with FLAGS) just before the N-th call that\n"
        "    record would write down, and kills CMD; exit code 90 says that it came to that\n"
        "call-tracer fill bytes|inodes DIR FILLER N -- CMD...\n"
        "    takes all that is left of the file system FILLER lies on just before the N-th call that record would write\n"
        "    down, by a file FILLER or by files in a directory FILLER\n"
        "The exit code is otherwise CMD's own, or 128 and the number of the signal that ended it.\n",
        stderr);
    exit(EXIT_USAGE);
}

static void give_up(const char *what) {
    fprintf(stderr, "call-tracer: %s: %s\n", what, strerror(errno));
    for (size_t index = 0; index < tracee_count; index++) kill(tracees[index].thread, SIGKILL);
    exit(EXIT_TRACER);
}

static long positive_number(const char *text) {
    char *end;
    errno = 0;
    long value = text ? strtol(text, &end, 10) : 0;
    if (!text || errno || *end || value <= 0) usage();
    return value;
}

static void parse_command(int count, char **arguments, int index) {
    if (index >= count || strcmp(arguments[index], "--") != 0 || index + 1 >= count) usage();
    options.command = arguments + index + 1;
}

static int parse_failure(char **arguments, int index) {
    options.failing_number = strcmp(arguments[index], "any") == 0 ? ANY_CALL : call_number(arguments[index]);
    if (options.failing_number < 0 && options.failing_number != ANY_CALL) usage();
    options.target = positive_number(arguments[index + 1]);
    options.failing_errno = (int)positive_number(arguments[index + 2]);
    return index + 3;
}

static int parse_record(int count, char **arguments) {
    int index = 2;
    options.mode = MODE_RECORD;
    while (index + 1 < count && strcmp(arguments[index], "--") != 0) {
        if (strcmp(arguments[index], "-o") == 0) {
            options.output = arguments[index + 1];
            index += 2;
        } else if (strcmp(arguments[index], "--below") == 0) {
            options.below = arguments[index + 1];
            index += 2;
        } else if (strcmp(arguments[index], "--fail") == 0 && index + 3 < count) {
            index = parse_failure(arguments, index + 1);
        } else if (strcmp(arguments[index], "--kill") == 0 && index + 2 < count) {
            options.kill_event = arguments[index + 1];
            options.kill_target = positive_number(arguments[index + 2]);
            index += 3;
        } else {
            usage();
        }
    }
    if (!options.output || !options.below) usage();
    if (!recorder_open(options.output, options.below)) give_up(options.output);
    return index;
}

static void parse(int count, char **arguments) {
    if (count < 2) usage();
    int index = 2;
    if (strcmp(arguments[1], "count") == 0 && count > 3 && strcmp(arguments[2], "-o") == 0) {
        options.mode = MODE_COUNT;
        options.output = arguments[3];
        index = 4;
    } else if (strcmp(arguments[1], "kill") == 0) {
        options.mode = MODE_KILL;
        for (; index < count && strncmp(arguments[index], "--", 2) == 0; index++) {
            if (strcmp(arguments[index], "--after") == 0) options.after = true;
            else if (strcmp(arguments[index], "--mutating") == 0) options.mutating = true;
            else usage();
        }
        options.target = positive_number(index < count ? arguments[index++] : NULL);
    } else if (strcmp(arguments[1], "fail") == 0 && count > 5) {
        options.mode = MODE_FAIL;
        options.failing_ever = strcmp(arguments[2], "--ever") == 0;
        if (options.failing_ever && count < 7) usage();
        index = parse_failure(arguments, options.failing_ever ? 3 : 2);
    } else if (strcmp(arguments[1], "short") == 0 && count > 5) {
        options.mode = MODE_SHORT;
        index = parse_failure(arguments, 2);
        options.short_count = options.failing_errno;
    } else if (strcmp(arguments[1], "record") == 0) {
        index = parse_record(count, arguments);
    } else if (strcmp(arguments[1], "shutdown") == 0 && count > 5) {
        options.mode = MODE_SHUTDOWN;
        options.below = arguments[2];
        options.target = positive_number(arguments[3]);
        options.shutdown_flags = (unsigned)strtoul(arguments[4], NULL, 10);
        recorder_watch(options.below);
        index = 5;
    } else if (strcmp(arguments[1], "fill") == 0 && count > 6) {
        options.mode = MODE_FILL;
        options.fills_inodes = strcmp(arguments[2], "inodes") == 0;
        if (!options.fills_inodes && strcmp(arguments[2], "bytes") != 0) usage();
        options.below = arguments[3];
        options.filler = arguments[4];
        options.target = positive_number(arguments[5]);
        recorder_watch(options.below);
        index = 6;
    } else {
        usage();
    }
    parse_command(count, arguments, index);
}

static struct tracee *find_tracee(pid_t thread) {
    for (size_t index = 0; index < tracee_count; index++)
        if (tracees[index].thread == thread) return &tracees[index];
    if (tracee_count == TRACEES_MAX) {
        errno = EAGAIN;
        give_up("too many threads");
    }
    tracees[tracee_count] = (struct tracee){.thread = thread};
    return &tracees[tracee_count++];
}

static void forget_tracee(pid_t thread) {
    for (size_t index = 0; index < tracee_count; index++)
        if (tracees[index].thread == thread) tracees[index] = tracees[--tracee_count];
}

// Makes the call a thread is about to enter an invalid one, so that the kernel does nothing.
static void cancel_call(pid_t thread) {
#if defined(__x86_64__)
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, thread, NULL, &registers) != 0) return;
    registers.orig_rax = (unsigned long long)-1;
    ptrace(PTRACE_SETREGS, thread, NULL, &registers);
#elif defined(__aarch64__)
    int number = -1;
    struct iovec vector = {.iov_base = &number, .iov_len = sizeof number};
    ptrace(PTRACE_SETREGSET, thread, NT_ARM_SYSTEM_CALL, &vector);
#else
#error "call-tracer knows x86_64 and aarch64 only"
#endif
}

// Lets the call a thread is about to enter take fewer bytes: its third argument is how many.
static void shorten_call(pid_t thread) {
    struct user_regs_struct registers;
#if defined(__x86_64__)
    if (ptrace(PTRACE_GETREGS, thread, NULL, &registers) != 0) return;
    if (registers.rdx > (unsigned long long)options.short_count)
        registers.rdx = (unsigned long long)options.short_count;
    ptrace(PTRACE_SETREGS, thread, NULL, &registers);
#else
    struct iovec vector = {.iov_base = &registers, .iov_len = sizeof registers};
    if (ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &vector) != 0) return;
    if (registers.regs[2] > (unsigned long long)options.short_count)
        registers.regs[2] = (unsigned long long)options.short_count;
    ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &vector);
#endif
}

// Sets the result of the call a thread is about to leave.
static void set_result(pid_t thread, long result) {
#if defined(__x86_64__)
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, thread, NULL, &registers) != 0) return;
    registers.rax = (unsigned long long)result;
    ptrace(PTRACE_SETREGS, thread, NULL, &registers);
#else
    struct user_regs_struct registers;
    struct iovec vector = {.iov_base = &registers, .iov_len = sizeof registers};
    if (ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &vector) != 0) return;
    registers.regs[0] = (unsigned long long)result;
    ptrace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &vector);
#endif
}

// SIGKILL to all threads that were ever seen and still live, then reaps them: none may change a file after this.
static void kill_all(void) {
    for (size_t index = 0; index < tracee_count; index++) kill(tracees[index].thread, SIGKILL);
    int status;
    while (true) {
        pid_t thread = waitpid(-1, &status, __WALL);
        if (thread < 0 && errno == ECHILD) break;
        // A child that was being born when the others were killed.
        if (thread > 0 && WIFSTOPPED(status)) kill(thread, SIGKILL);
    }
    exit(EXIT_KILLED);
}

// Opening counts as a change where it creates or empties a file.
static bool is_creating_open(const struct __ptrace_syscall_info *info) {
    return info->entry.nr == SYS_openat && (info->entry.args[2] & (O_CREAT | O_TRUNC)) != 0;
}

// What the disk does not hold now is lost.
static void cut_power(void) {
    if (!disk_shut_down(options.below, options.shutdown_flags)) give_up(options.below);
    kill_all();
}

// Looks whether the call is one to record, and makes its thread wait while another one is inside such a call.
static void enter_recorded(struct tracee *tracee, const struct __ptrace_syscall_info *info) {
    static struct recorded_call call;
    recorder_enter(tracee->thread, info, &call);
    if (!call.event) return;
    tracee->held = recording != 0;
    if (tracee->held) return;
    if (options.mode == MODE_SHUTDOWN && ++matching == options.target) cut_power();
    if (options.mode == MODE_FILL && ++matching == options.target)
        if (!(options.fills_inodes ? disk_fill_inodes : disk_fill_bytes)(options.filler)) give_up(options.filler);
    recording = tracee->thread;
    recorded = call;
}

static void kill_process_of(pid_t thread) {
    char path[64], line[128];
    snprintf(path, sizeof path, "/proc/%d/status", thread);
    FILE *file = fopen(path, "re");
    if (!file) give_up(path);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, "Tgid:", 5) == 0) kill((pid_t)strtol(line + 5, NULL, 10), SIGKILL);
    fclose(file);
}

static void leave_recorded(struct tracee *tracee, long result) {
    if (recording != tracee->thread) return;
    recording = 0;
    if (options.mode != MODE_RECORD) return;
    recorder_leave(tracee->thread, &recorded, result);
    if (options.kill_event && strcmp(options.kill_event, recorded.event) == 0 && result >= 0
        && ++kill_matching == options.kill_target)
        kill_process_of(tracee->thread);
}

static bool is_failing(long number) {
    return options.failing_number == ANY_CALL ? call_is_about_files(number) : number == options.failing_number;
}

static void enter_call(struct tracee *tracee, const struct __ptrace_syscall_info *info) {
    long number = (long)info->entry.nr;
    if (options.mode == MODE_RECORD || options.mode == MODE_SHUTDOWN || options.mode == MODE_FILL) {
        enter_recorded(tracee, info);
        if (tracee->held) return;
    }
    bool creating = is_creating_open(info);
    total++;
    if (number >= 0 && number < CALL_NUMBERS) counts[number]++;
    if (creating) creating_opens++;
    if (options.mode == MODE_KILL && (!options.mutating || creating || call_is_mutating(number))) {
        if (++matching != options.target) return;
        if (!options.after) kill_all();
        tracee->last = true;
    } else if (options.failing_errno != 0 && is_failing(number)) {
        if (++matching != options.target && !(options.failing_ever && matching > options.target)) return;
        if (options.mode == MODE_SHORT) {
            shorten_call(tracee->thread);
        } else {
            cancel_call(tracee->thread);
            tracee->failing = true;
        }
    }
}

static void leave_call(struct tracee *tracee, long result) {
    if (tracee->last) kill_all();
    if (tracee->failing) result = -(long)options.failing_errno;
    if (tracee->failing) set_result(tracee->thread, result);
    tracee->failing = false;
    leave_recorded(tracee, result);
}

// A thread stopped at the entry or the exit of a call; asking which is surer than counting stops.
static void handle_call(struct tracee *tracee) {
    struct __ptrace_syscall_info info;
    if (!counting || ptrace(PTRACE_GET_SYSCALL_INFO, tracee->thread, sizeof info, &info) <= 0) return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) enter_call(tracee, &info);
    else if (info.op == PTRACE_SYSCALL_INFO_EXIT) leave_call(tracee, (long)info.exit.rval);
}

static void resume(pid_t thread, int signal) {
    // ESRCH: the thread was killed while it was stopped; its end comes with the next wait.
    ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(long)signal);
}

// Lets threads go on that wait for the recorded call of another one.
static void release_held(void) {
    for (size_t index = 0; index < tracee_count && recording == 0; index++) {
        if (!tracees[index].held) continue;
        tracees[index].held = false;
        handle_call(&tracees[index]);
        if (!tracees[index].held) resume(tracees[index].thread, 0);
    }
}

// Handles one stop of a thread; returns the signal to pass on to it.
static int handle_stop(pid_t thread, int status) {
    int signal = WSTOPSIG(status);
    int event = status >> 16;
    struct tracee *tracee = find_tracee(thread);
    if (signal == (SIGTRAP | 0x80)) {
        handle_call(tracee);
        return 0;
    }
    if (event == PTRACE_EVENT_EXEC) {
        // An exec by a secondary thread continues under the leader's id: the others are gone without a word.
        unsigned long former = (unsigned long)thread;
        ptrace(PTRACE_GETEVENTMSG, thread, NULL, &former);
        if ((pid_t)former != thread) forget_tracee((pid_t)former);
        counting = true;
        if (options.mode == MODE_RECORD) recorder_note_exec(thread);
        return 0;
    }
    // The other events are announcements; a new child's first stop is the tracer's own.
    if (event != 0) return 0;
    return signal;
}

static int trace(void) {
    int result = EXIT_TRACER;
    while (true) {
        int status;
        pid_t thread = waitpid(-1, &status, __WALL);
        if (thread < 0) {
            if (errno == EINTR) continue;
            if (errno == ECHILD) return result;
            give_up("wait");
        }
        if (WIFSTOPPED(status)) {
            int signal = handle_stop(thread, status);
            bool is_group_stop = status >> 16 == PTRACE_EVENT_STOP
                && (WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTSTP || WSTOPSIG(status) == SIGTTIN
                    || WSTOPSIG(status) == SIGTTOU);
            if (is_group_stop) ptrace(PTRACE_LISTEN, thread, NULL, NULL);
            else if (!find_tracee(thread)->held) resume(thread, signal);
            release_held();
            continue;
        }
        if (options.mode == MODE_RECORD) recorder_note_end(thread, status);
        if (recording == thread) recording = 0;
        forget_tracee(thread);
        release_held();
        if (thread == first) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}

// Starts the command; it waits for a byte on a pipe until it is traced.
static void start(void) {
    int gate[2];
    if (pipe(gate) != 0) give_up("pipe");
    first = fork();
    if (first < 0) give_up("fork");
    if (first == 0) {
        char byte;
        close(gate[1]);
        if (read(gate[0], &byte, 1) != 1) _exit(EXIT_TRACER);
        close(gate[0]);
        execvp(options.command[0], options.command);
        fprintf(stderr, "call-tracer: cannot run %s: %s\n", options.command[0], strerror(errno));
        _exit(EXIT_TRACER);
    }
    close(gate[0]);
    unsigned long wanted = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK
        | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;
    find_tracee(first);
    if (ptrace(PTRACE_SEIZE, first, NULL, (void *)wanted) != 0) give_up("ptrace");
    // SEIZE alone reports no calls before the first stop.
    if (ptrace(PTRACE_INTERRUPT, first, NULL, NULL) != 0) give_up("ptrace");
    int status;
    if (waitpid(first, &status, __WALL) != first || !WIFSTOPPED(status)) give_up("wait");
    if (ptrace(PTRACE_SYSCALL, first, NULL, NULL) != 0) give_up("ptrace");
    if (write(gate[1], "", 1) != 1) give_up("write");
    close(gate[1]);
}

static void write_counts(void) {
    FILE *file = fopen(options.output, "we");
    if (!file) give_up(options.output);
    for (long number = 0; number < CALL_NUMBERS; number++) {
        if (counts[number] == 0) continue;
        const char *name = call_name(number);
        if (name) fprintf(file, "%s %lu\n", name, counts[number]);
        else fprintf(file, "call_%ld %lu\n", number, counts[number]);
    }
    fprintf(file, "openat(O_CREAT|O_TRUNC) %lu\n", creating_opens);
    fprintf(file, "total %lu\n", total);
    if (fclose(file) != 0) give_up(options.output);
}

int main(int count, char **arguments) {
    parse(count, arguments);
    start();
    int result = trace();
    if (options.mode == MODE_COUNT) write_counts();
    if (options.mode == MODE_RECORD && !recorder_close()) give_up(options.output);
    return result;
}
