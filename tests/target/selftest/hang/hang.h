#ifndef HANG_H
#define HANG_H

#include <stdint.h>

#define HANG_ARENA_BYTES 16
#define HANG_ARENA_ALIGN 8

#ifdef __cplusplus
extern "C" {
#endif

void hang_run(void* arena, const int32_t* x, int32_t* y);

#ifdef __cplusplus
}
#endif

#endif  // HANG_H
