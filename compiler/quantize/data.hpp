// Calibration data: what goes into the model when it is used, so that ranges can be measured.
//
// DATA is a .npy file, a .npz file, a folder of .npy files, a .pb file, or a folder in the layout of the ONNX backend
// tests. The first axis counts samples. Numbers of any type become the type of the model's input, value for value:
// a uint8 pixel of 255 becomes 255.0.
#pragma once

#include <filesystem>

#include "graph/graph.hpp"
#include "quantize/npy.hpp"

namespace netsuke {

struct CalibrationData {
  // Of one input: pieces of the data, each some samples.
  struct Piece {
    std::shared_ptr<const NumpyArray> array;
    size_t samples = 0;
  };
  struct Input {
    DType type;
    Shape shape;  // of one sample: the model's
    std::vector<Piece> pieces;
  };
  std::vector<Input> inputs;  // in the order of the graph's
  size_t count = 0;           // samples

  std::vector<Tensor> sample(size_t i) const;
};

// Throws usage Errors: "no-calibration-data", "calibration-empty", "calibration-shape", "calibration-type",
// "calibration-not-finite", "calibration-input", "calibration-damaged".
CalibrationData load_calibration(const std::filesystem::path& path, const Graph& g);

// Samples made by the program itself; each has one tensor for each input of the graph.
CalibrationData calibration_of(const std::vector<std::vector<Tensor>>& samples);

// Every file that load_calibration() reads, for build systems.
std::vector<std::filesystem::path> calibration_files(const std::filesystem::path& path);

// One whole number >= 0 for each sample, from a .npy file or from text, separated by white space. Throws "bad-labels".
std::vector<int64_t> load_labels(const std::filesystem::path& path);

}  // namespace netsuke
