#ifndef STACK_H
#define STACK_H

#include <stdint.h>

#define STACK_ARENA_BYTES 16
#define STACK_ARENA_ALIGN 8

#ifdef __cplusplus
extern "C" {
#endif

void stack_run(void* arena, const int32_t* x, int32_t* y);

#ifdef __cplusplus
}
#endif

#endif  // STACK_H
