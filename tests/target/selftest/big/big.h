// The size of the largest float models: 1 MB of weights, a 300 KB arena, 440 KB of test vectors.
#ifndef BIG_H
#define BIG_H

#include <stdint.h>

#define BIG_ARENA_BYTES 300000
#define BIG_ARENA_ALIGN 8
#define BIG_INPUT_COUNT 112640

#ifdef __cplusplus
extern "C" {
#endif

void big_run(void* arena, const float* x, float* y);

#ifdef __cplusplus
}
#endif

#endif  // BIG_H
