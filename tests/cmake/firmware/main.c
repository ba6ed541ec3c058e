/* Runs two models that share nothing but the program, and prints what `check` looks for. */
#include <stdio.h>

#include "ramp.h"
#include "scale.h"

/* A union aligns the arena in C99. */
static union {
  double align;
  unsigned char bytes[SCALE_ARENA_BYTES + 8];
} arena;

int main(void) {
  static const float x[SCALE_X_COUNT] = {10, 1};
  static const float r[RAMP_X_COUNT] = {-2, 0, 7};
  float y[SCALE_Y_COUNT];
  float s[RAMP_Y_COUNT];
  scale_run(&arena, x, y);
  ramp_run_static(r, s);
  printf("scale %d, ramp %d %d %d\n", (int)y[0], (int)s[0], (int)s[1], (int)s[2]);
  return 0;
}
