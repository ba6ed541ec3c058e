#include "dot.h"

float caller_answer(const float* x);

float caller_answer(const float* x) {
  static double arena[(DOT_ARENA_BYTES + sizeof(double) - 1) / sizeof(double)];
  float y;
  dot_run(arena, x, &y);
  return y;
}
