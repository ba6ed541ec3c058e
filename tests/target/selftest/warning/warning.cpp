// Narrows without a cast: the right answer, but it must not get past the warning flags.
#include "warning.h"

void warning_run(void* arena, const int32_t* x, int32_t* y) {
  static_cast<void>(arena);
  const int8_t narrow = *x + 1;
  *y = narrow;
}
