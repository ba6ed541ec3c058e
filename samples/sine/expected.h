// Made by train.py, not by hand: what onnxruntime says at x = 2 pi k / kSteps, in thousandths.
#ifndef SINE_EXPECTED_H
#define SINE_EXPECTED_H

#include <stdint.h>

enum { kSteps = 16 };

static const int16_t kExpected[kSteps + 1] = {
    0, 383, 707, 924, 1000, 924, 707, 383, 0, -383, -707, -924, -1000, -924, -707, -383, 0};

#endif  // SINE_EXPECTED_H
