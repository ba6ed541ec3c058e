#include <stdint.h>
#include <stdio.h>

#include "big.h"

#ifndef NETSUKE_TEST_BEGIN
#define NETSUKE_TEST_BEGIN()
#define NETSUKE_TEST_END()
#endif
#ifndef NETSUKE_ARENA_SECTION
#define NETSUKE_ARENA_SECTION
#endif

#define TIMES2(...) __VA_ARGS__, __VA_ARGS__
#define TIMES10(...) TIMES2(TIMES2(__VA_ARGS__)), TIMES2(TIMES2(__VA_ARGS__)), TIMES2(__VA_ARGS__)
#define TIMES32(...) TIMES2(TIMES2(TIMES2(TIMES2(TIMES2(__VA_ARGS__)))))
#define TIMES1024(...) TIMES32(TIMES32(__VA_ARGS__))

// 110 * 1024 quarters.
static const float kInput[BIG_INPUT_COUNT] = {TIMES10(TIMES10(TIMES1024(0.25f))), TIMES10(TIMES1024(0.25f))};

alignas(BIG_ARENA_ALIGN) static uint8_t arena[BIG_ARENA_BYTES] NETSUKE_ARENA_SECTION;

int main(void) {
  float y = 0.0f;
  NETSUKE_TEST_BEGIN();
  big_run(arena, kInput, &y);
  NETSUKE_TEST_END();
  // 65536 * 2.5 + 112640 / 4, exact in float.
  const bool good = y >= 192000.0f && y <= 192000.0f;
  printf("vector 0: %s\n", good ? "ok" : "WRONG");
  printf("netsuke-test: %s\n", good ? "PASS" : "FAIL");
  return good ? 0 : 1;
}
