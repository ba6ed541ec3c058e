// Never ends: the run must be stopped and reported as timed out.
#include "hang.h"

void hang_run(void* arena, const int32_t* x, int32_t* y) {
  volatile uint8_t* const flag = static_cast<uint8_t*>(arena);
  *flag = 1;
  while (*flag) {
  }
  *y = *x + 1;
}
