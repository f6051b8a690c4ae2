#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

const int moss_O_NOCTTY = O_NOCTTY;

int moss_unlock_pty(int master, unsigned int *number) {
    int locked = 0;
    if (ioctl(master, TIOCSPTLCK, &locked) != 0) return -1;
    return ioctl(master, TIOCGPTN, number);
}

int moss_take_terminal(int terminal) { return ioctl(terminal, TIOCSCTTY, 0); }

void moss_copy_terminal(int from, int to) {
    struct termios modes;
    struct winsize size;
    if (tcgetattr(from, &modes) == 0) tcsetattr(to, TCSANOW, &modes);
    if (ioctl(from, TIOCGWINSZ, &size) == 0) ioctl(to, TIOCSWINSZ, &size);
}

// One terminal at a time: the supervisor keeps its modes, and the relay, a fork of it, has them too.
static struct termios saved;
static int saved_terminal = -1;

static int is_ours(int terminal) {
    pid_t group = tcgetpgrp(terminal);
    return group < 0 || group == getpgrp();
}

static void set_modes(const struct termios *modes) {
    // In the background this would stop us, and the modes are another's then.
    if (saved_terminal < 0 || !is_ours(saved_terminal)) return;
    void (*former)(int) = signal(SIGTTOU, SIG_IGN);
    tcsetattr(saved_terminal, TCSANOW, modes);
    signal(SIGTTOU, former);
}

void moss_keep_terminal(int terminal) {
    if (tcgetattr(terminal, &saved) == 0) saved_terminal = terminal;
}

void moss_restore_terminal(void) { set_modes(&saved); }

static volatile sig_atomic_t has_changed;

static void note_change(int number) {
    (void)number;
    has_changed = 1;
}

// What is on its way in one direction.
struct transfer {
    char bytes[4096];
    ssize_t start, end;
};

static int is_empty(const struct transfer *transfer) { return transfer->start == transfer->end; }

// 0 when there is nothing more to come.
static int take(struct transfer *transfer, int from) {
    ssize_t count = read(from, transfer->bytes, sizeof transfer->bytes);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 1;
    transfer->start = 0;
    transfer->end = count > 0 ? count : 0;
    return count > 0;
}

static void give(struct transfer *transfer, int to) {
    ssize_t count = write(to, transfer->bytes + transfer->start, (size_t)(transfer->end - transfer->start));
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    // Where nobody takes it any more it is thrown away.
    transfer->start = count < 0 ? transfer->end : transfer->start + count;
}

void moss_relay_terminal(int terminal, int reads, int writes, int master, int lifeline) {
    static struct transfer input, output;
    struct termios raw = saved;
    cfmakeraw(&raw);
    // Others write to it too, who count on its line ends.
    if (!writes) raw.c_oflag = saved.c_oflag;
    struct sigaction action = {.sa_handler = note_change};
    sigset_t changes, waiting;
    sigemptyset(&changes);
    sigaddset(&changes, SIGWINCH);
    sigaddset(&changes, SIGCONT);
    sigaction(SIGWINCH, &action, NULL);
    sigaction(SIGCONT, &action, NULL);
    sigprocmask(SIG_BLOCK, &changes, &waiting);
    sigdelset(&waiting, SIGWINCH);
    sigdelset(&waiting, SIGCONT);
    has_changed = 1;
    int is_reading = 0, has_input = reads;
    for (;;) {
        if (has_changed) {
            has_changed = 0;
            struct winsize size;
            if (ioctl(terminal, TIOCGWINSZ, &size) == 0) ioctl(master, TIOCSWINSZ, &size);
            if (reads) set_modes(&raw);
            is_reading = has_input && is_ours(terminal);
        }
        short wanted = (short)((is_empty(&output) ? POLLIN : 0) | (is_empty(&input) ? 0 : POLLOUT));
        struct pollfd files[] = {
            {.fd = is_reading && is_empty(&input) ? terminal : -1, .events = POLLIN},
            {.fd = wanted ? master : -1, .events = wanted},
            {.fd = is_empty(&output) ? -1 : terminal, .events = POLLOUT},
            {.fd = lifeline, .events = POLLIN},
        };
        if (ppoll(files, 4, NULL, &waiting) < 0) {
            if (errno == EINTR) continue;
            break;
        }
        if (files[3].revents) break;
        if (files[0].revents && !take(&input, terminal)) is_reading = has_input = 0;
        if (files[1].revents & POLLOUT) give(&input, master);
        if (files[1].revents & POLLHUP) input.start = input.end;
        if (files[1].revents & (POLLIN | POLLHUP | POLLERR) && is_empty(&output) && !take(&output, master)) break;
        if (files[2].revents) give(&output, terminal);
    }
    moss_restore_terminal();
}
