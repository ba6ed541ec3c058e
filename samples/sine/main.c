// Prints the sine at kSteps + 1 points, as the generated network computes it, next to onnxruntime's answer.
// C99, integers only in printf; runs on a PC and on an ATmega328P alike.
// Exit code: 0 if all values agree to a thousandth, else 1.
#include <stdio.h>
#include <stdlib.h>

#include "expected.h"
#include "sine.h"

static const float kStep = 6.2831853f / kSteps;  // radians

// All memory that the network needs. It may be shared with anything that is not alive during the call.
static unsigned char arena[SINE_ARENA_BYTES] __attribute__((aligned(SINE_ARENA_ALIGN)));

static int thousandths(float value) {
  return (int)(value * 1000.0f + (value < 0.0f ? -0.5f : 0.5f));
}

int main(void) {
  int agreed = 0;
  for (int k = 0; k <= kSteps; ++k) {
    const float x = kStep * (float)k;
    float y = 0.0f;
    sine_run(arena, &x, &y);
    const int same = abs(thousandths(y) - kExpected[k]) <= 1;
    printf("x %4d  sine %5d  onnxruntime %5d%s\n", thousandths(x), thousandths(y), kExpected[k],
           same ? "" : "  differs");
    agreed += same;
  }
  printf("sine: %d of %d values right, arena %d bytes\n", agreed, kSteps + 1, (int)SINE_ARENA_BYTES);
  return agreed == kSteps + 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
