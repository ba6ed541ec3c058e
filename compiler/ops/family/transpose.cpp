// Transpose. Canonical form: attribute perm is complete; out dimension d is in dimension perm[d].
#include "lower/strided_copy.hpp"
#include "ops/helpers.hpp"
#include "ops/movement.hpp"

namespace netsuke {
namespace {

void canonicalise_transpose(Canonicaliser& c) {
  int64_t rank = rank_of(c.graph, c.node, 0);
  if (!has_attribute(c.node, "perm")) {
    Shape reversed;
    for (int64_t d = rank; d-- > 0;) reversed.push_back(d);
    c.node.attributes["perm"] = std::move(reversed);
  }
  normalise_axes(c, "perm", rank);
  const Shape& perm = get_ints(c.node, "perm");
  std::vector<bool> seen(static_cast<size_t>(rank), false);
  for (int64_t d : perm) seen[static_cast<size_t>(d)] = true;
  if (static_cast<int64_t>(perm.size()) != rank || std::find(seen.begin(), seen.end(), false) != seen.end())
    mismatch(c.node, fmt::format("perm {} does not name each of the {} dimensions once", to_string(perm), rank));
}

void infer_transpose(Graph& g, Node& n) {
  Shape out;
  for (int64_t d : get_ints(n, "perm")) out.push_back(shape_of(g, n, 0)[static_cast<size_t>(d)]);
  set_output(g, n, 0, type_of(g, n, 0), std::move(out));
}

void eval_transpose(Evaluation& e) {
  const Shape& perm = get_ints(e.node, "perm");
  Shape steps = strides_of(e.in[0]->shape);
  move_elements(*e.in[0], e.out[0], [&](const Shape& index) {
    int64_t from = 0;
    for (size_t d = 0; d < index.size(); d++) from += index[d] * steps[static_cast<size_t>(perm[d])];
    return from;
  });
}

void lower_transpose(Lowering& l, const Node& n) {
  const Shape &perm = get_ints(n, "perm"), &in = l.graph[n.inputs[0]].shape, &out = l.graph[n.outputs[0]].shape;
  Shape in_steps = strides_of(in), out_steps = strides_of(out);
  std::vector<CopyLoop> loops;
  for (size_t d = 0; d < out.size(); d++) loops.push_back({out[d], in_steps[static_cast<size_t>(perm[d])], out_steps[d]});
  add_strided_copy(l, n, read(buffer_of(l, n.inputs[0])), write(buffer_of(l, n.outputs[0])), std::move(loops),
                   transpose_rows(in, out, perm));
}

constexpr Op kOps[] = {
    {.name = "Transpose", .canonicalise = canonicalise_transpose, .infer = infer_transpose, .eval = eval_transpose,
     .lower = lower_transpose, .quantisation = QuantRule::kSameScale, .integer = IntegerForm::kMove},
};

}  // namespace

std::span<const Op> transpose_ops() { return kOps; }

}  // namespace netsuke
