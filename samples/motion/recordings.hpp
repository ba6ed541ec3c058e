// The test recordings of BasicMotions, and how accuracy is counted on them; for the C++ callers of both samples.
#ifndef MOTION_RECORDINGS_HPP
#define MOTION_RECORDINGS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace motion {

constexpr std::array<const char*, 4> kClasses = {"Standing", "Running", "Walking", "Badminton"};
constexpr size_t kAxes = 6, kLength = 100, kReadings = 32;
constexpr std::array<size_t, 3> kStarts = {0, 32, 64};  // of the windows
// Windows so much on the fence that another rounding may tip them.
constexpr int kSlack = 1;

using Reading = std::array<int16_t, kAxes>;  // accelerometer x, y, z, gyroscope x, y, z, in hundredths
using Window = std::array<Reading, kReadings>;
using Scores = std::array<float, kClasses.size()>;
typedef Scores (*Network)(const Window&);

struct Recording {
  size_t label;
  std::array<Reading, kLength> readings;
};

// "0.1,0.2,...:...:Running": one list for each axis, then the class.
inline Recording parse_recording(const std::string& line) {
  Recording recording = {};
  std::istringstream parts(line);
  std::string axis, value;
  for (size_t a = 0; a < kAxes; ++a) {
    std::getline(parts, axis, ':');
    std::istringstream values(axis);
    for (size_t t = 0; t < kLength; ++t) {
      if (!std::getline(values, value, ',')) throw std::runtime_error("a recording is shorter than expected");
      recording.readings[t][a] = static_cast<int16_t>(std::nearbyint(std::stod(value) * 100.0));
    }
  }
  std::getline(parts, value);
  const auto found = std::find(kClasses.begin(), kClasses.end(), value);
  if (found == kClasses.end()) throw std::runtime_error("'" + value + "' is no class");
  recording.label = static_cast<size_t>(found - kClasses.begin());
  return recording;
}

inline std::vector<Recording> read_recordings(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("no " + path + " (samples/motion/fetch.sh gets it)");
  std::vector<Recording> recordings;
  std::string line;
  while (std::getline(file, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty() && line[0] != '#' && line[0] != '@') recordings.push_back(parse_recording(line));
  }
  return recordings;
}

inline size_t best_of(const Scores& scores) {
  return static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

// Runs a network over all windows and prints what it gets right; a recording's class is that of its windows' summed
// scores. Returns the number of windows right.
inline int measure(const char* name, const std::vector<Recording>& recordings, Network run) {
  int windows = 0, whole = 0;
  for (const Recording& recording : recordings) {
    Scores sum = {};
    for (const size_t start : kStarts) {
      Window window;
      std::copy_n(recording.readings.begin() + static_cast<std::ptrdiff_t>(start), kReadings, window.begin());
      const Scores scores = run(window);
      windows += best_of(scores) == recording.label;
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += scores[i];
    }
    whole += best_of(sum) == recording.label;
  }
  std::printf("%-5s  %d of %zu windows, %d of %zu recordings\n", name, windows, recordings.size() * kStarts.size(),
              whole, recordings.size());
  return windows;
}

// expected: how many windows onnxruntime gets right, as text.
inline bool agrees(int windows, const char* expected) {
  return std::abs(windows - std::atoi(expected)) <= kSlack;
}

// The programs that are called with FOLDER [FLOAT INT8], see main.cpp: measures both networks.
inline int run_accuracy(int argc, char** argv, Network run_float, Network run_int8) {
  if (argc != 2 && argc != 4) throw std::runtime_error("usage: FOLDER [FLOAT INT8]");
  const auto recordings = read_recordings(std::string(argv[1]) + "/BasicMotions_TEST.ts");
  const int in_float = measure("float", recordings, run_float);
  const int in_int8 = measure("int8", recordings, run_int8);
  if (argc == 2) return EXIT_SUCCESS;
  std::printf("onnxruntime: float %s, int8 %s windows\n", argv[2], argv[3]);
  return agrees(in_float, argv[2]) && agrees(in_int8, argv[3]) ? EXIT_SUCCESS : EXIT_FAILURE;
}

inline int accuracy_main(int argc, char** argv, Network run_float, Network run_int8) {
  try {
    return run_accuracy(argc, argv, run_float, run_int8);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 2;
  }
}

}  // namespace motion

#endif  // MOTION_RECORDINGS_HPP
