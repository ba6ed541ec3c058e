// What main's commands do once their options are known; they print, and return the exit code.
#pragma once

#include "compile.hpp"

namespace netsuke {

struct CommandOptions {
  CompileOptions compile;
  std::filesystem::path output;   // -o
  std::filesystem::path depfile;  // --depfile
  std::string depfile_target;     // --depfile-target
  std::filesystem::path data;     // --data
  std::string compiler, runner;   // --compiler and --runner of verify
  std::filesystem::path report;   // --report
  double tolerance = 1e-4;
  bool int8_activations = false;  // of quantize: as the file stores them
  bool json = false, quiet = false, markdown = false;
};

// Colours are used on a terminal unless NO_COLOR is set.
bool use_colour();
void print_error(const Error& e, const CommandOptions& options);

int run_compile(const CommandOptions& options);
int run_quantize(const CommandOptions& options);
int run_inspect(const CommandOptions& options);
int run_verify(const CommandOptions& options);
int run_ops(const CommandOptions& options);
int run_passes(const CommandOptions& options);

}  // namespace netsuke
