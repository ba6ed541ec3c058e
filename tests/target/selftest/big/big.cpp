// y = sum of all weights and of all inputs, the arena filled to its last byte and read back on the way.
#include "big.h"

extern const float big_weights[262144];

static uint8_t pattern(uint32_t i) {
  return static_cast<uint8_t>(i * 2654435761u >> 24);
}

extern "C" void big_run(void* arena, const float* x, float* y) {
  uint8_t* const bytes = static_cast<uint8_t*>(arena);
  for (uint32_t i = 0; i < BIG_ARENA_BYTES; ++i) bytes[i] = pattern(i);
  float sum = 0.0f;
  for (int32_t i = 0; i < 262144; ++i) sum += big_weights[i];
  for (int32_t i = 0; i < BIG_INPUT_COUNT; ++i) sum += x[i];
  for (uint32_t i = 0; i < BIG_ARENA_BYTES; ++i) sum += bytes[i] == pattern(i) ? 0.0f : 1.0f;
  *y = sum;
}
