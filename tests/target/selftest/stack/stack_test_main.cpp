#include <stdint.h>
#include <stdio.h>

#include "stack.h"

#ifndef NETSUKE_TEST_BEGIN
#define NETSUKE_TEST_BEGIN()
#define NETSUKE_TEST_END()
#endif
#ifndef NETSUKE_ARENA_SECTION
#define NETSUKE_ARENA_SECTION
#endif

alignas(STACK_ARENA_ALIGN) static uint8_t arena[STACK_ARENA_BYTES] NETSUKE_ARENA_SECTION;

int main(void) {
  const int32_t x = 20;
  int32_t y = 0;
  NETSUKE_TEST_BEGIN();
  stack_run(arena, &x, &y);
  NETSUKE_TEST_END();
  const bool good = y == 21;
  printf("vector 0: %s\n", good ? "ok" : "WRONG");
  printf("netsuke-test: %s\n", good ? "PASS" : "FAIL");
  return good ? 0 : 1;
}
