// Runs the generated networks, float and int8, over the 40 test recordings of BasicMotions and prints their accuracy.
//
//   motion_accuracy FOLDER [FLOAT INT8]
//
// FOLDER holds BasicMotions_TEST.ts. With FLOAT and INT8, the numbers of windows that onnxruntime gets right, the exit
// code is 1 if this program's differ by more than motion::kSlack.
#include <exception>

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

int run(int argc, char** argv) {
  if (argc != 2 && argc != 4) throw std::runtime_error("usage: motion_accuracy FOLDER [FLOAT INT8]");
  const auto recordings = motion::read_recordings(std::string(argv[1]) + "/BasicMotions_TEST.ts");
  const int in_float = motion::measure("float", recordings, run_float);
  const int in_int8 = motion::measure("int8", recordings, run_int8);
  if (argc == 2) return EXIT_SUCCESS;
  std::printf("onnxruntime: float %s, int8 %s windows\n", argv[2], argv[3]);
  return motion::agrees(in_float, argv[2]) && motion::agrees(in_int8, argv[3]) ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "motion_accuracy: %s\n", error.what());
    return 2;
  }
}
