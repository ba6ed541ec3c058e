// What passes share: questions about a value's surroundings, and constants brought into a common form.
#pragma once

#include <optional>

#include "graph/graph.hpp"

namespace netsuke {

// The node that makes a value, null for graph inputs and constants.
Node* producer_of(Graph& g, const Links& links, ValueId v);
const Node* producer_of(const Graph& g, const Links& links, ValueId v);

// One node reads the value, once, as it was computed: it is not rounded, and the caller of the generated code does
// not see it.
bool has_one_reader(const Links& links, ValueId v);

// The value of a float constant whose elements are all equal.
std::optional<float> uniform_constant(const Graph& g, ValueId v);

// A float constant that, broadcast to `shape`, varies at most along `axis`: its value at every index of
// that axis. Empty when it is no such constant.
std::vector<double> along_axis(const Tensor* t, const Shape& shape, size_t axis);

ValueId add_floats(Graph& g, std::string name, Shape shape, const std::vector<double>& values);

// Every element of the value is >= 0 because of the function that made it.
bool is_non_negative(const Graph& g, const Links& links, ValueId v);

// The node's output is rounded onto a grid that its input `x`, whose elements it hands on, does not lie on.
bool rounds_anew(const Graph& g, const Node& n, ValueId x);

// y = Reshape(x), readers of y   ->   readers of x. A node that makes a graph output becomes a Reshape to
// the same shape, which costs nothing and keeps the output's name. Both values have one type and shape.
void bypass(Graph& g, const Links& links, Node& n, ValueId x);

// One number for each output channel of a Conv, ConvTranspose or Dense: its bias, or zeros.
std::vector<double> bias_of(const Graph& g, const Node& n, int64_t channels);

}  // namespace netsuke
