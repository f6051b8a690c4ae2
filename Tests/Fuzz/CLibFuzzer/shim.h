#pragma once
#include <stddef.h>
#include <stdint.h>

// libFuzzer has no header of its own; -sanitize=fuzzer links it.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*check)(const uint8_t *start, size_t count));
