// Program -> source files. Templates (templates/*.mustache) own the shape of the files, the runtime owns
// every loop; this room writes one line for each call and each constant.
#pragma once

#include "lower/program.hpp"
#include "support/files.hpp"

namespace netsuke {

// Inputs and expected outputs of one inference, in the order of the program's ports.
struct TestVector {
  std::vector<Tensor> inputs, outputs;
};

struct EmitOptions {
  std::string name = "model";  // prefix of every symbol; a C identifier
  std::string target = "generic";
  std::string model;           // what comments call the model: its file name without directories
  bool static_arena = false;   // also emit NAME_run_static
  std::vector<TestVector> test_vectors;  // with them, NAME_test_main.cpp
  double tolerance = 1e-4;     // of the self-test, relative to the range of each output
  bool profile = false;        // hooks around every call
  bool host_main = false;      // NAME_host_main.cpp, the driver of `netsuke verify`
};

// All files of the output directory. The same program and options give the same bytes.
Files emit(const Program& p, const EmitOptions& options);

// A C identifier made from an ONNX name: letters and digits stay, the rest becomes '_'.
std::string identifier(const std::string& name);

// "NAME_run"-style names of the inputs and outputs, unique and no C++ keywords.
std::vector<std::string> port_variables(const Program& p);

}  // namespace netsuke
