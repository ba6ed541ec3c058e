// The text of calls: parameter structs, arguments, and the rows that flow through segments.
#pragma once

#include <map>
#include <set>

#include "emit/emit.hpp"

namespace netsuke {

struct Emission {
  const Program& program;
  const EmitOptions& options;
  std::vector<std::string> ports;      // C names of inputs, then outputs
  std::vector<std::string> constants;  // C names
};

// Calls with the same kernel and parameters share a struct, and with it the kernel's code.
struct Structs {
  std::vector<std::pair<std::string, std::vector<std::string>>> list;  // name, members
  std::map<std::pair<std::string, std::vector<std::string>>, std::string> by_content;
  std::map<std::string, int> count;
};


std::string upper(std::string s);
std::vector<std::string> constant_names(const Program& p, const std::string& prefix);

// Comments must not end early or be continued by what a model calls its nodes.
std::string comment_safe(std::string s);

// The parameter struct for a kernel; a new one if there is none with this content.
std::string struct_for(Structs& structs, const std::string& kernel, const std::vector<Parameter>& parameters);

// The memory of an argument: "netsuke::at<float>(arena, 64)", "kws_conv_0_weight".
std::string argument_text(const Emission& e, const Argument& a);

// "netsuke::conv2d_f32<Conv2dF32_1>(x, kws_w, kws_b, netsuke::at<float>(arena, 0));"
std::string call_text(const Emission& e, Structs& structs, const Call& c);

// "0: conv1 (Conv + relu): [1,49,10,1] -> [1,25,5,64]"
std::string call_comment(const Emission& e, const Call& c);

// --profile: the statements of a call between its hooks. give_up: the statement that leaves the function they stand in.
// Without --profile the statements alone.
std::vector<std::string> hooked(const Emission& e, int call, const std::vector<std::string>& statements, const std::string& give_up);

// What the call includes directly.
std::set<std::string> headers_of(const Program& p, size_t call);

// One line for each arena buffer: offset, length, the calls between which it is needed.
std::vector<std::string> memory_map(const Program& p);

// A function that makes sweep t of a segment.
struct FlowText {
  std::string name;                    // "rows_1"
  std::string parameters, arguments;   // of the function, without t
  std::vector<std::string> lines;      // of its body
};
FlowText flow_text(const Emission& e, Structs& structs, size_t segment);

// The segment that starts with this call, -1 if none does.
int segment_at(const Program& p, int call);

}  // namespace netsuke
