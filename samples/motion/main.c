// Classifies the windows in windows.h with the generated network and compares with what onnxruntime said about them.
// C99; prints integers only, so it needs no floating-point printf on a microcontroller.
// Exit code: 0 if every window got onnxruntime's class and score, else 1.
#include <stdio.h>
#include <stdlib.h>

#include "motion.h"
#include "references.h"
#include "windows.h"

static const char* const kClasses[MOTION_SCORES_COUNT] = {"standing", "running", "walking", "badminton"};
static const int kStep = 5;  // thousandths: a score is a multiple of 1/256, rounded

// All memory that the network needs. It may be shared with anything that is not alive during the call.
static unsigned char arena[MOTION_ARENA_BYTES] __attribute__((aligned(MOTION_ARENA_ALIGN)));
static float readings[MOTION_READINGS_COUNT];
static float scores[MOTION_SCORES_COUNT];

static int best_class(void) {
  int best = 0;
  for (int i = 1; i < MOTION_SCORES_COUNT; ++i) {
    if (scores[i] > scores[best]) best = i;
  }
  return best;
}

// Scores are probabilities, 0 to 1.
static int thousandths(float score) {
  return (int)(score * 1000.0f + 0.5f);
}

// The sensor delivers one reading of all axes after the other, the network wants one axis after the other.
static int classify(const MotionWindow* window) {
  for (int t = 0; t < kReadings; ++t) {
    for (int axis = 0; axis < kAxes; ++axis) readings[axis * kReadings + t] = (float)window->readings[t][axis];
  }
  motion_run(arena, readings, scores);
  return best_class();
}

static int agrees(const MotionReference* said, int found) {
  return found == said->best && abs(thousandths(scores[found]) - (int)said->score) <= kStep;
}

int main(void) {
  int agreed = 0;
  for (int i = 0; i < kWindowCount; ++i) {
    const MotionWindow* window = &kWindows[i];
    const int found = classify(window);
    const int same = agrees(&kReferences[i], found);
    printf("window %3d  was %-9s  looks like %-9s  sure to %4d/1000%s\n", (int)window->index,
           kClasses[window->label], kClasses[found], thousandths(scores[found]),
           same ? "" : "  not what onnxruntime says");
    agreed += same;
  }
  printf("motion: %d of %d as onnxruntime, arena %ld bytes\n", agreed, (int)kWindowCount, (long)MOTION_ARENA_BYTES);
  return agreed == kWindowCount ? EXIT_SUCCESS : EXIT_FAILURE;
}
