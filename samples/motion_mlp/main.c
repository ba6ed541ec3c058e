// Classifies the windows in windows.h with the generated network and compares with what onnxruntime said about them.
// C99, integers only; runs on a PC and on an ATmega328P alike.
// Exit code: 0 if every window got onnxruntime's class and score, else 1.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "magnitudes.h"
#include "motion_mlp.h"
#include "references.h"
#include "windows.h"

#ifndef __AVR__
#define memcpy_P memcpy
#endif

static const char* const kClasses[MOTION_MLP_SCORES_COUNT] = {"standing", "running", "walking", "badminton"};
static const int kStep = 5;  // thousandths: a score is a multiple of 1/256, rounded

// All memory that the network needs. It may be shared with anything that is not alive during the call.
static unsigned char arena[MOTION_MLP_ARENA_BYTES] __attribute__((aligned(MOTION_MLP_ARENA_ALIGN)));
static int8_t magnitudes[MOTION_MLP_MAGNITUDES_COUNT];
static int8_t scores[MOTION_MLP_SCORES_COUNT];
static MotionWindow window;

static int best_class(void) {
  int best = 0;
  for (int i = 1; i < MOTION_MLP_SCORES_COUNT; ++i) {
    if (scores[i] > scores[best]) best = i;
  }
  return best;
}

// Scores are probabilities, scale * (score - zero point).
static int thousandths(int8_t score) {
  const int32_t factor = (int32_t)(65536000.0f * MOTION_MLP_SCORES_SCALE);
  return (int)(((score - MOTION_MLP_SCORES_ZERO_POINT) * factor + 32768) >> 16);
}

static int classify(void) {
  for (int t = 0; t < kReadings; ++t) push_reading(magnitudes, window.readings[t]);
  motion_mlp_run(arena, magnitudes, scores);
  return best_class();
}

static int agrees(const MotionReference* said, int found) {
  return found == said->best && abs(thousandths(scores[found]) - (int)said->score) <= kStep;
}

int main(void) {
  int agreed = 0;
  for (int i = 0; i < kWindowCount; ++i) {
    memcpy_P(&window, &kWindows[i], sizeof window);
    const int found = classify();
    const int same = agrees(&kReferences[i], found);
    printf("window %3d  was %-9s  looks like %-9s  sure to %4d/1000%s\n", (int)window.index,
           kClasses[window.label], kClasses[found], thousandths(scores[found]),
           same ? "" : "  not what onnxruntime says");
    agreed += same;
  }
  printf("motion_mlp: %d of %d as onnxruntime, arena %d bytes\n", agreed, (int)kWindowCount,
         (int)MOTION_MLP_ARENA_BYTES);
  return agreed == kWindowCount ? EXIT_SUCCESS : EXIT_FAILURE;
}
