// Runs the generated networks, float and int8, over the 40 test recordings of BasicMotions and prints their accuracy.
//
//   motion_accuracy FOLDER [FLOAT INT8]
//
// FOLDER holds BasicMotions_TEST.ts. With FLOAT and INT8, the numbers of windows that onnxruntime gets right, the exit
// code is 1 if this program's differ by more than motion::kSlack.
#include "motion.h"
#include "motion_float.h"
#include "recordings.hpp"

namespace {

using motion::Scores;
using motion::Window;
using Inputs = std::array<float, MOTION_READINGS_COUNT>;

// One axis after the other.
Inputs inputs_of(const Window& window) {
  Inputs inputs;
  for (size_t t = 0; t < motion::kReadings; ++t) {
    for (size_t axis = 0; axis < motion::kAxes; ++axis) inputs[axis * motion::kReadings + t] = window[t][axis];
  }
  return inputs;
}

Scores run_int8(const Window& window) {
  alignas(MOTION_ARENA_ALIGN) static unsigned char arena[MOTION_ARENA_BYTES];
  Scores scores;
  motion_run(arena, inputs_of(window).data(), scores.data());
  return scores;
}

Scores run_float(const Window& window) {
  alignas(MOTION_FLOAT_ARENA_ALIGN) static unsigned char arena[MOTION_FLOAT_ARENA_BYTES];
  Scores scores;
  motion_float_run(arena, inputs_of(window).data(), scores.data());
  return scores;
}

}  // namespace

int main(int argc, char** argv) { return motion::accuracy_main(argc, argv, run_float, run_int8); }
