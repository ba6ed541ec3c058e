// Gives a wrong answer on purpose: the run must be reported as failed.
#include "wrong.h"

void wrong_run(void* arena, const int32_t* x, int32_t* y) {
  static_cast<void>(arena);
  *y = *x + 2;
}
