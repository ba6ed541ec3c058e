// The model as a graph: flat vectors, integer ids, nodes always in execution order.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "graph/tensor.hpp"

namespace netsuke {

using ValueId = int32_t;
inline constexpr ValueId kNoValue = -1;  // an optional input that is absent

using Attribute = std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>, Tensor>;

// A grid of real numbers that integers stand for: real = scale * (stored - zero_point). See graph/quantization.hpp.
struct Quantization {
  std::vector<float> scales;         // one, or one for each index along `axis`
  std::vector<int32_t> zero_points;  // as many as scales
  int64_t axis = -1;                 // -1: per tensor
  DType type = DType::kInt8;         // of the stored integers; its limits are those of the grid
  bool operator==(const Quantization&) const = default;
};

struct Value {
  std::string name;
  DType type = DType::kUndefined;
  Shape shape;
  std::shared_ptr<const Tensor> constant;  // null for what is computed at run time
  // Of a float value: it is rounded onto this grid as soon as it is made, and a constant lies on it. Of an integer
  // value: the real numbers that it stands for.
  std::optional<Quantization> quantization;
};

// A function fused behind a node's first output, e.g. {"clip", {0, 6}}: applied to every element.
// The names are those of runtime-stub/netsuke/activations.hpp; ops/activation.* gives their meaning.
struct Activation {
  std::string function;
  std::vector<float> arguments;
  bool operator==(const Activation&) const = default;
};

struct Node {
  std::string op;    // ONNX operator name in canonical form, see ops/op.hpp
  std::string name;  // the ONNX node's name, or made from its first output
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::map<std::string, Attribute> attributes;
  std::vector<Activation> activations;  // applied in order
};

struct Graph {
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<ValueId> inputs;   // run-time inputs only, in the model's order
  std::vector<ValueId> outputs;

  Value& operator[](ValueId id) { return values[static_cast<size_t>(id)]; }
  const Value& operator[](ValueId id) const { return values[static_cast<size_t>(id)]; }
};

ValueId add_value(Graph& g, Value value);
ValueId add_constant(Graph& g, std::string name, Tensor tensor, std::optional<Quantization> quantization = std::nullopt);

// The tensor behind an input, or null when it is absent or computed at run time.
const Tensor* constant_of(const Graph& g, ValueId id);

bool has_input(const Node& n, size_t i);
int64_t get_int(const Node& n, const std::string& key);
float get_float(const Node& n, const std::string& key);
const std::string& get_string(const Node& n, const std::string& key);
const std::vector<int64_t>& get_ints(const Node& n, const std::string& key);
bool has_attribute(const Node& n, const std::string& key);

// Which node makes each value (-1: none) and which nodes read it, by index into g.nodes.
struct Links {
  std::vector<int> producer;
  std::vector<std::vector<int>> consumers;  // one entry for each use, so a node may stand twice
  std::vector<bool> is_output;              // graph output
  std::vector<bool> is_rounded;             // computed and rounded onto a grid: no arithmetic may be fused across it
};
Links link(const Graph& g);

// Makes every reader of `from`, graph outputs included, read `to`.
void replace_uses(Graph& g, ValueId from, ValueId to);

// Checks every invariant of a Graph and throws a kBug Error that names `stage` when one is broken:
// ids in range, one producer for each value, execution order, types and shapes known, constants that
// match their declared type and shape, graph inputs without producer.
void verify(const Graph& g, const std::string& stage);

// One line for each input, constant, node and output. For people and for tests; not parsed back.
std::string to_text(const Graph& g);

}  // namespace netsuke
