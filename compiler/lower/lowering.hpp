// Graph -> Program. Each operator's `lower` uses these to say which kernel runs on which memory.
#pragma once

#include <set>

#include "graph/graph.hpp"
#include "lower/pack_s8.hpp"
#include "lower/program.hpp"

namespace netsuke {

struct Lowering {
  const Graph& graph;
  Program& program;
  std::vector<BufferId> buffers;  // by ValueId; -1 where a value has no memory yet
  PackChoice pack = {};           // what the integer weights of the node at hand are laid out for
};

// The memory of a value; makes it on first use (arena, or flash for a constant as it stands).
BufferId buffer_of(Lowering& l, ValueId v);

// A weight array in the order its kernel reads it. Equal arrays are stored once.
BufferId add_weights(Lowering& l, const std::string& name, Tensor data);

// Arena memory that lives during one call.
BufferId add_scratch(Lowering& l, const std::string& name, DType type, int64_t count);

// Gives `to` the memory of `from` (a reshape). Copies only where both already have a place of their own,
// e.g. a graph output that is a reshaped graph input.
void alias(Lowering& l, const Node& n, ValueId from, ValueId to);

// Copies a whole buffer; `name` is for the comment in the generated code.
void add_copy(Lowering& l, const std::string& name, BufferId from, BufferId to);

Argument read(BufferId b, int64_t offset = 0);
Argument write(BufferId b, int64_t offset = 0);
Argument scratch(BufferId b);

// Function `act` of the parameter struct: the node's fused activations, innermost first.
Parameter activation_parameter(const Node& n);
// A float literal as C++ source that round-trips: "0.1f", "INFINITY".
std::string float_literal(float x);

// "Conv + Relu" for comments.
std::string op_label(const Node& n);

// A call with op label and node name filled in.
Call make_call(const Node& n, std::string kernel, std::string header);

// small: names of nodes whose weights keep their int8 size, whatever `pack` says (lower/flash.hpp).
Program lower(const Graph& g, const PackChoice& pack = {}, const std::set<std::string>& small = {});

}  // namespace netsuke
