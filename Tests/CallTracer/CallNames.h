// The system calls that tests ask for by name.
#pragma once

#include <stdbool.h>

// The number of the call `name`; -1 for a name that is not in the list.
long call_number(const char *name);
// The name of a call; NULL for one that is not in the list.
const char *call_name(long number);
// Whether a call changes names, metadata or contents of a file system, or makes them durable.
bool call_is_mutating(long number);
// Whether a call opens, looks at, reads or changes files, and not memory, time, threads or processes.
bool call_is_about_files(long number);
