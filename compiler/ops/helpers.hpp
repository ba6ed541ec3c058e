// What the operator records share.
#pragma once

#include <functional>

#include "ops/op.hpp"

namespace netsuke {

// --- canonicalise ---

// Throws "op-unsupported" for this node: `reason` says what is not supported, the hint is the
// operator's `limits` sentence.
[[noreturn]] void refuse(const Node& n, std::string reason);
// Throws "shape-mismatch" for this node.
[[noreturn]] void mismatch(const Node& n, std::string reason, std::string hint = {});

template <class T>
void set_default(Node& n, const std::string& key, T value) {
  n.attributes.try_emplace(key, std::move(value));
}

// Moves the constant integer input `i`, if present, into attribute `key` and drops the input. Throws
// "not-constant" when it is computed at run time.
void input_to_ints(Canonicaliser& c, size_t i, const std::string& key);
// The same for a one-element input of any number type, stored as float.
void input_to_float(Canonicaliser& c, size_t i, const std::string& key);

// Makes a possibly negative axis positive; throws "bad-axis" when it is outside [-rank, rank).
int64_t normal_axis(const Node& n, int64_t axis, int64_t rank);
// Replaces attribute `key` (int or ints) by positive axes.
void normalise_axes(Canonicaliser& c, const std::string& key, int64_t rank);

const Shape& shape_of(const Graph& g, const Node& n, size_t input);
DType type_of(const Graph& g, const Node& n, size_t input);
int64_t rank_of(const Graph& g, const Node& n, size_t input);

// Adds a node before the one being canonicalised and returns its (not yet inferred) output.
ValueId add_preceding(Canonicaliser& c, std::string op, std::vector<ValueId> inputs,
                      std::map<std::string, Attribute> attributes = {});

// Makes the node one that gives its input 0 this shape.
void become_reshape(Canonicaliser& c, Shape shape);
// Softmax and its kin before opset 13 see a matrix whose columns are all dimensions from `axis` on: reshapes there and
// back.
void flatten_rows(Canonicaliser& c, int64_t axis);

// --- infer ---

// Without the dimensions `axes`, or with 1 in their place if `keep`.
Shape reduced_shape(const Shape& in, const std::vector<int64_t>& axes, bool keep);
void set_output(Graph& g, Node& n, size_t i, DType type, Shape shape);
// Output 0 is like input 0.
void infer_same(Graph& g, Node& n);
// NumPy broadcasting; throws "shape-mismatch" naming both shapes.
Shape broadcast(const Node& n, const Shape& a, const Shape& b);
// Refuses inputs that are not of one of these types, naming the type found.
void require_type(const Graph& g, const Node& n, size_t input, std::initializer_list<DType> allowed);

// Infers one canonical node and, when all its inputs are constants, evaluates it: its outputs become
// constants. Returns whether it did.
bool infer_and_fold(Graph& g, Node& n);

// --- eval ---

// Floats are accumulated in double, integers with more bits than they have.
template <class T>
using Calculation = std::conditional_t<std::is_floating_point_v<T>, double, __int128>;

// The inputs as float64; an integer that has a grid is its distance from the zero point.
struct DoubleInputs {
  std::vector<Tensor> tensors;
  std::vector<const Tensor*> pointers;  // null for absent inputs
};
DoubleInputs double_inputs(const Evaluation& e);
// `eval` of linear operators: Op::sums, rounded to float32.
void eval_sums(Evaluation& e);

// Calls f(index) for every index of `shape` in row-major order.
void for_each_index(const Shape& shape, const std::function<void(const Shape& index)>& f);
// Element offset of `index` in a row-major tensor of `shape`, which may have fewer dimensions or ones
// where it is broadcast.
int64_t broadcast_offset(const Shape& index, const Shape& shape);
// Applies the node's activations to out[0].
void apply_activations(const Node& n, Tensor& t);

// Evaluates one node whose inputs are given, activations included.
std::vector<Tensor> eval_node(const Graph& g, const Node& n, std::vector<const Tensor*> inputs);

}  // namespace netsuke
