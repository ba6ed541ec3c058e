#include <stdio.h>

#include "dot.h"

static double arena[(DOT_ARENA_BYTES + sizeof(double) - 1) / sizeof(double)];

int main(void) {
  static const float x[16] = {2, 1};
  float y = 1;
  dot_run(arena, x, &y);
  // 2 * 1 - 1 * 2, from the first two weights.
  const int good = y >= 0 && y <= 0;
  puts(good ? "firmware: right" : "firmware: wrong");
  return good ? 0 : 1;
}
