#ifndef WARNING_H
#define WARNING_H

#include <stdint.h>

#define WARNING_ARENA_BYTES 16
#define WARNING_ARENA_ALIGN 8

#ifdef __cplusplus
extern "C" {
#endif

void warning_run(void* arena, const int32_t* x, int32_t* y);

#ifdef __cplusplus
}
#endif

#endif  // WARNING_H
