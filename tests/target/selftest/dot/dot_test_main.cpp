#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dot.h"

#ifndef NETSUKE_TEST_BEGIN
#define NETSUKE_TEST_BEGIN()
#define NETSUKE_TEST_END()
#endif
#ifndef NETSUKE_ARENA_SECTION
#define NETSUKE_ARENA_SECTION
#endif

// All sums below are exact in float, in any order.
static const float kInputs[2][16] = {{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
                                     {1, 2, 3, 4, 5, 6, 7, 8, 4, 4, 4, 4, 4, 4, 4, 4}};
static const float kOutputs[2] = {-4.0f, -36.0f};

alignas(DOT_ARENA_ALIGN) static uint8_t arena[DOT_ARENA_BYTES] NETSUKE_ARENA_SECTION;

int main(void) {
  bool good = true;
  for (int i = 0; i < 2; ++i) {
    float y = 0.0f;
    NETSUKE_TEST_BEGIN();
    dot_run(arena, kInputs[i], &y);
    NETSUKE_TEST_END();
    const bool same = memcmp(&y, &kOutputs[i], sizeof y) == 0;
    printf("vector %d: %s\n", i, same ? "ok" : "WRONG");
    good = good && same;
  }
  printf("netsuke-test: %s\n", good ? "PASS" : "FAIL");
  return good ? 0 : 1;
}
