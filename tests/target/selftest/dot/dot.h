// A hand-written stand-in for a generated model: y = x . w, 16 inputs, 1 output.
#ifndef DOT_H
#define DOT_H

#define DOT_ARENA_BYTES 64
#define DOT_ARENA_ALIGN 8

#ifdef __cplusplus
extern "C" {
#endif

void dot_run(void* arena, const float* x, float* y);

#ifdef __cplusplus
}
#endif

#endif  // DOT_H
