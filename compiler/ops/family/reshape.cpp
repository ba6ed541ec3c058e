// Operators that keep the elements in order and only change the shape. All become Reshape with a
// fully known attribute `shape`; lowered code shares the memory and costs nothing.
#include <numeric>

#include "lower/lowering.hpp"
#include "ops/helpers.hpp"

namespace netsuke {
namespace {

// 0 copies the input's dimension (unless allowzero), -1 takes what is left.
void canonicalise_reshape(Canonicaliser& c) {
  Node& n = c.node;
  input_to_ints(c, 1, "shape");
  Shape shape = get_ints(n, "shape");
  const Shape& in = shape_of(c.graph, n, 0);
  bool allow_zero = has_attribute(n, "allowzero") && get_int(n, "allowzero") != 0;
  int64_t unknown = -1, known = 1;
  for (size_t i = 0; i < shape.size(); i++) {
    if (shape[i] == 0 && !allow_zero) {
      if (i >= in.size()) mismatch(n, fmt::format("dimension {} is 0 but the input has shape {}", i, to_string(in)));
      shape[i] = in[i];
    }
    if (shape[i] < -1 || (shape[i] == -1 && unknown >= 0))
      mismatch(n, fmt::format("{} is not a shape", to_string(shape)), "at most one dimension may be -1");
    if (shape[i] == -1)
      unknown = static_cast<int64_t>(i);
    else
      known = count_of({known, shape[i]});  // refuses what overflows
  }
  if (unknown >= 0) shape[static_cast<size_t>(unknown)] = known > 0 ? count_of(in) / known : 0;
  become_reshape(c, std::move(shape));
}

void canonicalise_flatten(Canonicaliser& c) {
  set_default<int64_t>(c.node, "axis", 1);
  const Shape& in = shape_of(c.graph, c.node, 0);
  int64_t rank = static_cast<int64_t>(in.size()), axis = get_int(c.node, "axis");
  if (axis != rank) axis = normal_axis(c.node, axis, std::max<int64_t>(rank, 1));
  auto middle = in.begin() + axis;
  become_reshape(c, {count_of({in.begin(), middle}), count_of({middle, in.end()})});
}

void canonicalise_squeeze(Canonicaliser& c) {
  input_to_ints(c, 1, "axes");
  const Shape in = shape_of(c.graph, c.node, 0);
  normalise_axes(c, "axes", static_cast<int64_t>(in.size()));
  std::vector<bool> drop(in.size(), false);
  if (has_attribute(c.node, "axes")) {
    for (int64_t axis : get_ints(c.node, "axes")) {
      if (in[static_cast<size_t>(axis)] != 1)
        mismatch(c.node, fmt::format("axis {} of shape {} is not 1", axis, to_string(in)));
      drop[static_cast<size_t>(axis)] = true;
    }
  } else {
    for (size_t i = 0; i < in.size(); i++) drop[i] = in[i] == 1;
  }
  Shape out;
  for (size_t i = 0; i < in.size(); i++)
    if (!drop[i]) out.push_back(in[i]);
  become_reshape(c, std::move(out));
}

void canonicalise_unsqueeze(Canonicaliser& c) {
  input_to_ints(c, 1, "axes");
  const Shape in = shape_of(c.graph, c.node, 0);
  if (!has_attribute(c.node, "axes")) mismatch(c.node, "it has no axes");
  size_t rank = in.size() + get_ints(c.node, "axes").size();
  normalise_axes(c, "axes", static_cast<int64_t>(rank));
  std::vector<bool> added(rank, false);
  for (int64_t axis : get_ints(c.node, "axes")) {
    if (added[static_cast<size_t>(axis)]) mismatch(c.node, fmt::format("axis {} stands twice", axis));
    added[static_cast<size_t>(axis)] = true;
  }
  Shape out;
  size_t next = 0;
  for (size_t i = 0; i < rank; i++) out.push_back(added[i] ? 1 : in[next++]);
  become_reshape(c, std::move(out));
}

void canonicalise_identity(Canonicaliser& c) { become_reshape(c, Shape(shape_of(c.graph, c.node, 0))); }

void infer_reshape(Graph& g, Node& n) {
  const Shape& shape = get_ints(n, "shape");
  if (count_of(shape) != count_of(shape_of(g, n, 0)))
    mismatch(n, fmt::format("{} cannot become {}: {} and {} elements", to_string(shape_of(g, n, 0)), to_string(shape),
                            count_of(shape_of(g, n, 0)), count_of(shape)));
  set_output(g, n, 0, type_of(g, n, 0), shape);
}

void eval_reshape(Evaluation& e) { e.out[0].bytes = e.in[0]->bytes; }

void lower_reshape(Lowering& l, const Node& n) { alias(l, n, n.inputs[0], n.outputs[0]); }

constexpr Op kOps[] = {
    {.name = "Reshape", .max_inputs = 2, .canonicalise = canonicalise_reshape, .infer = infer_reshape,
     .eval = eval_reshape, .lower = lower_reshape, .quantisation = QuantRule::kSameScale, .integer = IntegerForm::kMove,
     .limits = "The shape must be known at compile time."},
    {.name = "Flatten", .canonicalise = canonicalise_flatten},
    {.name = "Squeeze", .max_inputs = 2, .canonicalise = canonicalise_squeeze,
     .limits = "The axes must be known at compile time."},
    {.name = "Unsqueeze", .max_inputs = 2, .canonicalise = canonicalise_unsqueeze,
     .limits = "The axes must be known at compile time."},
    {.name = "Identity", .canonicalise = canonicalise_identity},
};

}  // namespace

std::span<const Op> reshape_ops() { return kOps; }

}  // namespace netsuke
