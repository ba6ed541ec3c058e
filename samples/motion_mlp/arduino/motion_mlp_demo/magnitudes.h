// The network's inputs out of a sensor's readings, in integers: additions, one multiplication and a shift for each.
// For main.c, main.cpp and the sketch.
#ifndef MOTION_MAGNITUDES_H
#define MOTION_MAGNITUDES_H

#include <stdint.h>
#include <string.h>

#include "motion_mlp.h"

enum { kWindowReadings = MOTION_MLP_MAGNITUDES_COUNT / 2 };

// |x| + |y| + |z|
static inline int32_t magnitude_of(const int16_t* axes) {
  int32_t sum = 0;
  for (int i = 0; i < 3; ++i) sum += axes[i] < 0 ? -(int32_t)axes[i] : axes[i];
  return sum;
}

// magnitude / scale + zero point, rounded and clamped to int8. The division is a multiplication by 2^16 / scale, a
// constant to the compiler; with a scale above 3 no magnitude (98,301 at most) makes the product overflow.
static inline int8_t quantise_magnitude(int32_t magnitude) {
  const int32_t inverse = (int32_t)(65536.0f / MOTION_MLP_MAGNITUDES_SCALE + 0.5f);
  const int32_t q = ((magnitude * inverse + 32768) >> 16) + MOTION_MLP_MAGNITUDES_ZERO_POINT;
  return (int8_t)(q > 127 ? 127 : q);
}

// Appends a reading (accelerometer x, y, z, gyroscope x, y, z, in hundredths) to the window; the oldest one leaves.
// magnitudes: MOTION_MLP_MAGNITUDES_COUNT of them, oldest first, the accelerometer's before the gyroscope's.
static inline void push_reading(int8_t* magnitudes, const int16_t* reading) {
  for (int sensor = 0; sensor < 2; ++sensor) {
    int8_t* part = magnitudes + sensor * kWindowReadings;
    memmove(part, part + 1, kWindowReadings - 1);
    part[kWindowReadings - 1] = quantise_magnitude(magnitude_of(reading + 3 * sensor));
  }
}

#endif  // MOTION_MAGNITUDES_H
