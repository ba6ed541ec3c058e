// Loads a word from an odd address. Armv6-M faults there, and the Cortex-M0+ target must, although its code
// runs on an emulated Cortex-M3; the cores from Armv7-M on take it.
#include "unaligned.h"

void unaligned_run(void* arena, const int32_t* x, int32_t* y) {
  uint8_t* const bytes = static_cast<uint8_t*>(arena);
  for (int i = 0; i < 4; ++i) bytes[1 + i] = static_cast<uint8_t>(static_cast<uint32_t>(*x) >> (8 * i));
  uint32_t loaded;
#if defined(__arm__)
  __asm__ volatile(".syntax unified\n ldr %0, [%1]" : "=l"(loaded) : "l"(bytes + 1) : "memory");
#else
  loaded = static_cast<uint32_t>(*x);
#endif
  *y = static_cast<int32_t>(loaded) + 1;
}
