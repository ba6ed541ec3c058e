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
  kState,     // the caller's memory that lives as long as a stream, at an offset that the schedule decides
  kInput,     // const memory of the caller: argument of NAME_run
  kOutput,    // memory of the caller: argument of NAME_run
  kConstant,  // flash
};

struct Buffer {
  std::string name;  // for people: the ONNX value it holds
  DType type = DType::kUndefined;
  Shape shape;  // as it lies in memory, so channels last for feature maps
  Place place = Place::kArena;
  int index = -1;          // number of the input, output or constant; in the arena -1, or that of the input that the
                           // caller writes there (--io arena)
  // Set by schedule:
  BufferId slot = -1;   // arena only: buffers of one slot share their memory
  int64_t rows = 0;     // of the map, where calls of a segment use it row by row; else 0
  int64_t ring = 0;     // how many of them are kept: row i lies at i % ring. 0: the whole map
  bool slides = false;  // a whole map whose rows move up by one for each new row (streams)
  bool held = false;    // its content is needed from one sweep of its segment to the next
  int64_t offset = -1;     // arena only, set by plan: bytes from the arena's start

  bool is_arena_input() const { return place == Place::kArena && index >= 0; }
  int64_t bytes() const { return count_of(shape) * size_of(type); }
  int64_t row_bytes() const { return rows ? bytes() / rows : bytes(); }
  int64_t memory() const { return ring ? ring * row_bytes() : bytes(); }  // bytes it takes
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

// What an operator says of its call's rows: output row r needs the input rows
// floor((r * stride - pad) / divisor) + k * dilation for k in [0, kernel). Rows are the outermost dimension
// after the batch, which is 1. Holds for every run-time input of the call.
enum class RowKind {
  kWindow,       // KERNEL_row<P>(pointers to the input rows, constants..., output row); see lower/rows.hpp
  kElementwise,  // the kernel itself with fewer elements
  kCopy,         // the same with `copy` as its parameters
  kRunning,      // KERNEL_begin, KERNEL_row for every input row, KERNEL_end
};
struct RowRule {
  int64_t in_rows = 1, out_rows = 1;
  int64_t kernel = 1, stride = 1, pad = 0, dilation = 1, divisor = 1;
  RowKind kind = RowKind::kWindow;
  bool turned = false;   // rows are what the parameter struct calls columns: one spatial dimension, streamed
  int64_t in_pitch = 0;  // elements between input rows that do not lie one behind the other; 0: they do
  std::vector<Parameter> copy;
  std::string kernel_name, header;  // of kCopy, if not the call's own
  bool pointers = false;            // kCopy: the input row is passed as a window's rows are
};

// Rows of one argument: those of turn r are floor((r * stride - pad) / divisor) + k * dilation.
struct RowMap {
  int64_t rows = 1, elements = 1;  // the map: `rows` rows whose starts are `elements` apart
  int64_t kernel = 1, stride = 1, pad = 0, dilation = 1, divisor = 1;
  int64_t offset = 0;      // elements from the row's start to what is passed
  bool window = false;     // passed as an array of `kernel` pointers, null outside the map
  bool scattered = false;  // a row's elements lie all over the map, which must be there as a whole
  int64_t first(int64_t turn) const;  // may lie outside the map
};

// How a call runs row by row, in `turns` turns; derived from its rule (lower/rows.hpp).
struct RowForm {
  std::string kernel, header;
  std::vector<Parameter> parameters;
  int64_t turns = 1;
  std::vector<std::optional<RowMap>> maps;  // by argument; none: passed as a whole in every turn
  std::vector<std::pair<int, int>> in_place;
  std::string row_count;  // not empty: function template of the turn that gives the argument after the first
  bool running = false;   // its output is complete after the last turn
  std::vector<int> turn;        // the arguments that are passed in a turn
  std::vector<int> begin, end;  // if running: those of KERNEL_begin and KERNEL_end; KERNEL_row is the turn
};

struct Call {
  std::string kernel;  // function template in namespace netsuke
  std::string header;  // file of runtime-stub/netsuke/ that defines it
  std::string op;      // for people: "Conv+Relu"
  std::string node;    // for people: the ONNX node's name
  std::string choice;  // for people: why this kernel or layout of the weights, where there was a choice
  std::vector<Parameter> parameters;
  std::vector<Argument> arguments;  // in the order of the kernel's parameters
  // Pairs (argument read, argument written) that may be the same memory, if the lengths agree.
  std::vector<std::pair<int, int>> in_place;
  int64_t macs = 0;  // multiply-accumulates, for reports
  std::optional<RowRule> rows;      // what lowering says
  std::optional<RowForm> row_form;  // what follows from it; none: the call needs and makes whole maps
  bool by_rows_only = false;        // the input arrives by rows, so it cannot run otherwise
  int64_t instructions = 0;         // estimate, to compare schedules with
};

// Calls [first, end) that run row by row. The segment runs in sweeps; in each, every call whose turn it is
// computes one row, in the order of the calls: turn k of call first + i in sweep start + k * every.
struct Turns {
  int64_t start = 0, every = 1;
};
struct Segment {
  int first = 0, end = 0;
  int64_t sweeps = 0;
  std::vector<Turns> turns;  // by call
};

// Integers that stand for real numbers: real = scale * (integer - zero_point).
struct PortGrid {
  float scale;
  int32_t zero_point;
};

// An input that arrives row by row (--io rows, --stream). Row r is [outer][inner]: outer parts of the map
// [outer][rows][inner].
struct Push {
  BufferId input = -1, counter = -1;  // counter: sweeps done so far
  int64_t rows = 0, outer = 1, inner = 0;
};

// A window that slides over time: the first `calls` calls compute each row once, and keep what they need in a
// block of their own; the others run on whole maps for every hop-th frame.
struct Stream {
  int calls = 0;
  int64_t window = 0;      // frames of one inference
  int64_t hop = 1;         // frames from one output to the next
  int64_t settled = 0;     // frames after which all is periodic
  int64_t wrap = 1;        // frames of that period: counters are taken back by it
  int64_t state_bytes = 0;
  int state_align = 4;
  double macs_per_frame = 0;
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
  std::optional<Push> push;
  std::optional<Stream> stream;
  std::vector<Segment> segments;  // set by schedule; calls outside run one after the other
  // Set by plan:
  int64_t arena_bytes = 0;
  int64_t arena_lower_bound = 0;  // no plan of this schedule can do with less
  int arena_align = 4;            // bytes; a power of two

  Buffer& operator[](BufferId id) { return buffers[static_cast<size_t>(id)]; }
  const Buffer& operator[](BufferId id) const { return buffers[static_cast<size_t>(id)]; }
};

// The segment that receives the rows of the pushed input, null if there is none; and the turns of the call in it
// that does: row k arrives in sweep start + k * every.
const Segment* pushed_segment(const Program& p);
Turns pushed_turns(const Program& p);

int64_t weight_bytes(const Program& p);
int64_t weight_bytes(const Program& p, const Call& c);  // those that the call reads
int64_t total_macs(const Program& p);

// The segment in which a call runs row by row, null if it runs alone.
const Segment* segment_of(const Program& p, int call);

// Null if there is none of this name.
Parameter* find_parameter(std::vector<Parameter>& parameters, std::string_view name);
const Parameter* find_parameter(const std::vector<Parameter>& parameters, std::string_view name);

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
