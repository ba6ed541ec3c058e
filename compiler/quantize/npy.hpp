// NumPy arrays from .npy and .npz files (numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "graph/tensor.hpp"

namespace netsuke {

// Numbers as they stand in the file, in C order and native byte order.
struct NumpyArray {
  char kind = 'f';          // f float, i signed, u unsigned, b bool
  int64_t element_bytes = 4;  // 1, 2, 4 or 8; a float of 2 is a half
  Shape shape;
  std::string bytes;

  int64_t count() const { return static_cast<int64_t>(bytes.size()) / element_bytes; }
  double at(int64_t i) const;        // exact but for 64-bit integers beyond 2^53
  std::string type_name() const;     // "float64"
};

// `content` is a whole .npy file; `place` is what errors call it. Throws the usage Errors "calibration-damaged" and
// "calibration-type".
NumpyArray parse_npy(const std::string& content, const std::string& place);

// The arrays of a .npz file, stored or deflated, by name without ".npy" and in the file's order.
std::vector<std::pair<std::string, NumpyArray>> parse_npz(const std::string& content, const std::string& place);

// Throws a usage Error about data given by the user.
[[noreturn]] void fail_data(const char* id, const std::string& place, std::string message, std::string hint);

}  // namespace netsuke
