// Dies on purpose: the run must end at once and be reported as a fault, not hang. AVR has no faults; there
// the trap is a call of abort().
#include "fault.h"

void fault_run(void* arena, const int32_t* x, int32_t* y) {
  static_cast<void>(arena);
  *y = *x + 1;
  __builtin_trap();
}
