#include "dot.h"

#include <string.h>

#include "netsuke/dot.hpp"

extern const float dot_weights[16];

extern "C" void dot_run(void* arena, const float* x, float* y) {
  // Through the arena, so that a target that misplaces it gives wrong answers.
  float* const copy = static_cast<float*>(arena);
  memcpy(copy, x, 16 * sizeof(float));
  y[0] = netsuke::dot<16>(copy, dot_weights);
}
