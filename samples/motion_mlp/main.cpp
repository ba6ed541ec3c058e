// Runs the generated networks, float and int8, over the 40 test recordings of BasicMotions and prints their accuracy.
//
//   motion_mlp_accuracy FOLDER [FLOAT INT8]
//
// FOLDER holds BasicMotions_TEST.ts. With FLOAT and INT8, the numbers of windows that onnxruntime gets right, the exit
// code is 1 if this program's differ by more than motion::kSlack.
#include "magnitudes.h"
#include "motion_mlp.h"
#include "motion_mlp_float.h"
#include "recordings.hpp"

namespace {

using motion::Scores;
using motion::Window;

// Integers in, integers out: the inputs are made as the firmware makes them.
Scores run_int8(const Window& window) {
  alignas(MOTION_MLP_ARENA_ALIGN) static unsigned char arena[MOTION_MLP_ARENA_BYTES];
  static std::array<int8_t, MOTION_MLP_MAGNITUDES_COUNT> magnitudes;
  std::array<int8_t, MOTION_MLP_SCORES_COUNT> integers;
  for (const motion::Reading& reading : window) push_reading(magnitudes.data(), reading.data());
  motion_mlp_run(arena, magnitudes.data(), integers.data());
  Scores scores;
  std::transform(integers.begin(), integers.end(), scores.begin(), [](int8_t score) {
    return MOTION_MLP_SCORES_SCALE * static_cast<float>(score - MOTION_MLP_SCORES_ZERO_POINT);
  });
  return scores;
}

Scores run_float(const Window& window) {
  alignas(MOTION_MLP_FLOAT_ARENA_ALIGN) static unsigned char arena[MOTION_MLP_FLOAT_ARENA_BYTES];
  std::array<float, MOTION_MLP_FLOAT_MAGNITUDES_COUNT> magnitudes;
  for (size_t t = 0; t < motion::kReadings; ++t) {
    magnitudes[t] = static_cast<float>(magnitude_of(&window[t][0]));
    magnitudes[motion::kReadings + t] = static_cast<float>(magnitude_of(&window[t][3]));
  }
  Scores scores;
  motion_mlp_float_run(arena, magnitudes.data(), scores.data());
  return scores;
}

}  // namespace

int main(int argc, char** argv) { return motion::accuracy_main(argc, argv, run_float, run_int8); }
