// Writes down what a command does to the files below one directory: every call with its result, in the order in which
// the kernel carried them out.
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/types.h>

// A call between its entry and its exit.
struct recorded_call {
    const char *event;      // NULL: not one to record
    char path[4096];        // absolute
    char other[4096];       // a second path, or a link's target
    int descriptor;         // of the command; -1 where the call names a path
    long offset;            // where a write begins; -1 at the file's position
    bool existed;           // an opened name that was there before
    bool empties;           // O_TRUNC
};

// Opens the log `path` and `path`.data, which receives the bytes of all writes.
bool recorder_open(const char *path, const char *below);
bool recorder_close(void);
// Only looks at calls, and writes nothing down.
void recorder_watch(const char *below);
// Looks at a call that `thread` is about to make; `call->event` says whether it changes something below the directory.
void recorder_enter(pid_t thread, const struct __ptrace_syscall_info *info, struct recorded_call *call);
// Writes the call down after `thread` has made it.
void recorder_leave(pid_t thread, const struct recorded_call *call, long result);
// Writes down that a process executes another program, or has ended.
void recorder_note_exec(pid_t process);
void recorder_note_end(pid_t process, int status);
