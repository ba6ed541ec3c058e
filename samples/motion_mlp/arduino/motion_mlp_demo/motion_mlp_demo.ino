// Tells standing, running, walking and badminton apart by 3.2 seconds of readings of an accelerometer and a gyroscope,
// ten times a second, and prints what it sees.
//
// The network is made into an Arduino library; nothing has to be copied by hand:
//   netsuke compile samples/motion_mlp/model.onnx -o ~/Arduino/libraries/motion_mlp --name motion_mlp --target avr --io native
// Then open this sketch, choose the board (an Uno has an ATmega328P) and upload.
#include <motion_mlp.h>

#include "magnitudes.h"
#include "windows.h"

static const char* const kClasses[MOTION_MLP_SCORES_COUNT] = {"standing", "running", "walking", "badminton"};
static const int kPeriod = 100;  // ms

// All memory that the network needs.
alignas(MOTION_MLP_ARENA_ALIGN) static unsigned char arena[MOTION_MLP_ARENA_BYTES];
static int8_t magnitudes[MOTION_MLP_MAGNITUDES_COUNT];

// Stands in for a sensor: plays recorded windows one after the other. A real one has to deliver the same units.
static void read_sensor(int16_t* reading) {
  static int window = 0, t = 0;
  memcpy_P(reading, kWindows[window].readings[t], kAxes * sizeof *reading);
  if (++t < kReadings) return;
  t = 0;
  window = (window + 1) % kWindowCount;
}

static int best_of(const int8_t* scores) {
  int best = 0;
  for (int i = 1; i < MOTION_MLP_SCORES_COUNT; ++i) {
    if (scores[i] > scores[best]) best = i;
  }
  return best;
}

void setup() {
  Serial.begin(115200);
}

void loop() {
  static int missing = kWindowReadings;  // until the first window is full
  int16_t reading[kAxes];
  int8_t scores[MOTION_MLP_SCORES_COUNT];
  delay(kPeriod);
  read_sensor(reading);
  push_reading(magnitudes, reading);
  if (missing > 0 && --missing > 0) return;
  motion_mlp_run(arena, magnitudes, scores);
  Serial.println(kClasses[best_of(scores)]);
}
