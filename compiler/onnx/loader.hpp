// Private to compiler/onnx/: the state of a model being loaded, and the steps of loading. Each step is in the
// file named above its declarations; load.cpp has their order.
#pragma once

#include <tuple>
#include <unordered_map>

#include "onnx/load.hpp"
#include "onnx/proto.hpp"
#include "ops/op.hpp"

namespace netsuke {

// Only in tolerant loading: a value whose node could not be loaded.
inline constexpr ValueId kPoisoned = -2;

using Names = std::unordered_map<std::string, ValueId>;
using Attributes = std::map<std::string, Attribute>;
using FunctionKey = std::tuple<std::string, std::string, std::string>;  // normal domain, name, overload

// What names mean where the loader stands: in the model's graph (with the subgraphs it is in), or in the body
// of one function.
struct Scope {
  std::map<std::string, int> opsets;  // by normal domain
  Names names;                        // kNoValue: an optional input of a function that was not given
  std::vector<std::string> order;     // keys of `names` as they came, to take back those of a subgraph
  std::unordered_map<std::string, const onnx::TypeProto*> declared;  // types said by value_info and outputs
  std::map<std::string, onnx::AttributeProto> attributes;            // of the call, in a function
  std::string prefix;                                                // of all names made in a function
};

struct Loader {
  const LoadOptions& options;
  std::vector<std::string>& warnings;
  const onnx::ModelProto& model;
  std::filesystem::path directory;
  std::map<FunctionKey, const onnx::FunctionProto*> functions;
  std::vector<FunctionKey> calls;  // functions being expanded, outermost first
  Graph graph;
  Scope scope;
  std::map<std::string, int64_t> symbols;  // sizes of named dimensions bound so far
  int depth = 0;              // of nested subgraphs and functions
  int64_t node_count = 0;     // nodes loaded, those of functions once for each call
  int64_t folded_bytes = 0;   // of constants computed so far
  bool warned_half = false;
  std::vector<UnsupportedNode>* problems = nullptr;  // not null: collect errors here and go on (inspect)
};

// --- load.cpp ---
// Gives a new value a name in the present scope. Throws "duplicate-name".
ValueId define(Loader& l, const std::string& name, Value value);
// The same for a value that exists already under another name.
void bind(Loader& l, const std::string& name, ValueId id);
void load_initialisers(Loader& l, const onnx::GraphProto& g);
Tensor load_constant(Loader& l, const onnx::TensorProto& t, const std::string& name);
void warn_about_half(Loader& l, int32_t onnx_type, const std::string& name);

// --- operators.cpp ---
void read_opsets(Loader& l);
int opset_of(const Loader& l, const std::string& domain);
void read_functions(Loader& l);
const onnx::FunctionProto* find_function(const Loader& l, const onnx::NodeProto& n);
// Versions by domain, those of the caller where the function does not say.
std::map<std::string, int> function_opsets(const Loader& l, const onnx::FunctionProto& f);
// Why this node's operator is not supported; empty when it is, or is a function.
std::string unsupported_reason(const Loader& l, const onnx::NodeProto& n);
// Throws "unknown-operator" when one of these nodes, or of the functions they call, has an operator that is not
// supported. The message lists all such operators of the model, those in subgraphs included.
void check_operators(const Loader& l, const Nodes& nodes);

// --- inputs.cpp ---
void load_inputs(Loader& l);

// --- declared.cpp ---
void add_declared(Loader& l, const onnx::GraphProto& g);
// Throws when the model declares another type or shape for this value than was inferred.
void check_declared(const Loader& l, const std::string& name, ValueId id);
void load_outputs(Loader& l);

// --- attributes.cpp ---
// Checks the numbers of inputs and outputs and the attributes against the ONNX standard.
void check_form(const Loader& l, const onnx::NodeProto& n);
Attributes node_attributes(Loader& l, const onnx::NodeProto& n);
// The attribute itself, or in a function the caller's attribute that it refers to; null: not given.
const onnx::AttributeProto* resolve(const Loader& l, const onnx::AttributeProto& a);

// --- nodes.cpp ---
// In any order; the nodes are brought into execution order.
void load_nodes(Loader& l, const Nodes& nodes);
std::vector<ValueId> node_inputs(const Loader& l, const onnx::NodeProto& n);
void finish_node(Loader& l, Node n, int opset);

// --- subgraphs.cpp ---
// `If` with a condition that is known: the branch becomes part of the graph.
void inline_if(Loader& l, const onnx::NodeProto& n);
// A call of a function of the model: its body becomes part of the graph.
void inline_function(Loader& l, const onnx::NodeProto& n, const onnx::FunctionProto& f);

}  // namespace netsuke
