// The model as firmware will run it: buffers, constants and kernel calls. Scheduler, planner and
// emitter see only this; nothing here knows ONNX or the Graph.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "graph/tensor.hpp"

namespace netsuke {

using BufferId = int32_t;

enum class Place {
  kArena,     // the caller's scratch memory, at an offset that the plan decides
  kInput,     // const memory of the caller: argument of NAME_run
  kOutput,    // memory of the caller: argument of NAME_run
  kConstant,  // flash
};

struct Buffer {
  std::string name;  // for people: the ONNX value it holds
  DType type = DType::kUndefined;
  Shape shape;  // as it lies in memory, so channels last for feature maps
  Place place = Place::kArena;
  int index = -1;          // number of the input, output or constant; -1 in the arena
  BufferId slot = -1;      // arena only, set by schedule: buffers of one slot share their memory
  int64_t offset = -1;     // arena only, set by plan: bytes from the arena's start

  int64_t bytes() const { return count_of(shape) * size_of(type); }
};

// A weight array in flash, already in the order in which its kernel reads it.
struct Constant {
  std::string name;
  Tensor data;
};

// One member of the parameter struct P that a kernel template is instantiated with.
struct TypeName {
  std::string name;  // C++ type
};
struct Function {
  std::string result, parameters;  // "float", "float x"
  std::string expression;          // "netsuke::clip(x, 0.0f, 6.0f)"
  std::string header;              // that defines what the expression calls; empty: none
};
struct Parameter {
  std::string name;
  // int64_t: static constexpr int32_t. float: static constexpr float. bool: static constexpr bool.
  // vector: typedef netsuke::Ints<...>. TypeName: typedef. Function: static inline function.
  std::variant<int64_t, float, bool, std::vector<int64_t>, TypeName, Function> value;
};

enum class Access { kRead, kWrite, kScratch };  // scratch lives during this call only

struct Argument {
  BufferId buffer = -1;
  Access access = Access::kRead;
  int64_t offset = 0;  // in elements of the buffer
};

// Which input rows output row r needs: r * stride - pad + k * dilation for k in [0, kernel). Rows are
// the outermost dimension after the batch. Holds for every run-time input of the call.
struct RowRule {
  int64_t in_rows = 1, out_rows = 1;
  int64_t kernel = 1, stride = 1, pad = 0, dilation = 1;
};

struct Call {
  std::string kernel;  // function template in namespace netsuke
  std::string header;  // file of runtime-stub/netsuke/ that defines it
  std::string op;      // for people: "Conv+Relu"
  std::string node;    // for people: the ONNX node's name
  std::vector<Parameter> parameters;
  std::vector<Argument> arguments;  // in the order of the kernel's parameters
  // Pairs (argument read, argument written) that may be the same memory, if the lengths agree.
  std::vector<std::pair<int, int>> in_place;
  int64_t macs = 0;  // multiply-accumulates, for reports
  std::optional<RowRule> rows;
};

// Integers that stand for real numbers: real = scale * (integer - zero_point).
struct PortGrid {
  float scale;
  int32_t zero_point;
};

// One input or output of NAME_run.
struct Port {
  std::string name;  // as in the ONNX model
  DType type = DType::kUndefined;
  Shape shape;  // as in the ONNX model
  std::optional<PortGrid> grid = {};
};

struct Program {
  std::string name;
  std::vector<Port> inputs, outputs;
  std::vector<Buffer> buffers;
  std::vector<Constant> constants;
  std::vector<Call> calls;
  // Set by plan:
  int64_t arena_bytes = 0;
  int64_t arena_lower_bound = 0;  // no plan of this schedule can do with less
  int arena_align = 4;            // bytes; a power of two

  Buffer& operator[](BufferId id) { return buffers[static_cast<size_t>(id)]; }
  const Buffer& operator[](BufferId id) const { return buffers[static_cast<size_t>(id)]; }
};

int64_t weight_bytes(const Program& p);
int64_t total_macs(const Program& p);

// The calls between which a buffer is in use, both included; -1 when no call uses it.
struct Lifetime {
  int first = -1, last = -1;
};
std::vector<Lifetime> lifetimes(const Program& p);  // by BufferId

// Checks ids, argument lengths and that everything read was written before. Throws kBug Errors.
void verify(const Program& p, const std::string& stage);

// One line for each buffer and call. For people and for tests.
std::string to_text(const Program& p);

}  // namespace netsuke
