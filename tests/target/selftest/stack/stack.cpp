// Writes an array of 300 bytes on the stack: the measured depth must be that and little more.
#include "stack.h"

static void touch(volatile uint8_t* bytes) {
  for (int i = 0; i < 300; ++i) bytes[i] = 1;
}

void stack_run(void* arena, const int32_t* x, int32_t* y) {
  static_cast<void>(arena);
  volatile uint8_t bytes[300];
  touch(bytes);
  *y = *x + bytes[7];
}
