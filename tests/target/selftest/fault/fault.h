#ifndef FAULT_H
#define FAULT_H

#include <stdint.h>

#define FAULT_ARENA_BYTES 16
#define FAULT_ARENA_ALIGN 8

#ifdef __cplusplus
extern "C" {
#endif

void fault_run(void* arena, const int32_t* x, int32_t* y);

#ifdef __cplusplus
}
#endif

#endif  // FAULT_H
