#ifndef WRONG_H
#define WRONG_H

#include <stdint.h>

#define WRONG_ARENA_BYTES 16
#define WRONG_ARENA_ALIGN 8

#ifdef __cplusplus
extern "C" {
#endif

void wrong_run(void* arena, const int32_t* x, int32_t* y);

#ifdef __cplusplus
}
#endif

#endif  // WRONG_H
