#include "CallNames.h"

#include <string.h>
#include <sys/syscall.h>

static const struct {
    long number;
    const char *name;
    bool mutating;
} calls[] = {
#define READS(NAME) {SYS_##NAME, #NAME, false},
#define CHANGES(NAME) {SYS_##NAME, #NAME, true},
#include "CallList.h"
};

enum { CALL_COUNT = sizeof calls / sizeof calls[0] };

long call_number(const char *name) {
    for (int index = 0; index < CALL_COUNT; index++)
        if (strcmp(calls[index].name, name) == 0) return calls[index].number;
    return -1;
}

const char *call_name(long number) {
    for (int index = 0; index < CALL_COUNT; index++)
        if (calls[index].number == number) return calls[index].name;
    return 0;
}

bool call_is_mutating(long number) {
    for (int index = 0; index < CALL_COUNT; index++)
        if (calls[index].number == number) return calls[index].mutating;
    return false;
}
