#ifndef UNALIGNED_H
#define UNALIGNED_H

#include <stdint.h>

#define UNALIGNED_ARENA_BYTES 16
#define UNALIGNED_ARENA_ALIGN 8

#ifdef __cplusplus
extern "C" {
#endif

void unaligned_run(void* arena, const int32_t* x, int32_t* y);

#ifdef __cplusplus
}
#endif

#endif  // UNALIGNED_H
