// Expand and Tile: copies whose input stands still in the dimensions that repeat.
// Canonical form: Expand has the complete output `shape`, Tile has `repeats` for each dimension.
#include "lower/strided_copy.hpp"
#include "ops/movement.hpp"

namespace netsuke {
namespace {

void canonicalise_expand(Canonicaliser& c) {
  input_to_ints(c, 1, "shape");
  if (!has_attribute(c.node, "shape")) mismatch(c.node, "it has no shape");
  for (int64_t d : get_ints(c.node, "shape"))
    if (d < 0) mismatch(c.node, fmt::format("{} is not a shape", to_string(get_ints(c.node, "shape"))));
  c.node.attributes["shape"] = broadcast(c.node, shape_of(c.graph, c.node, 0), get_ints(c.node, "shape"));
}

void infer_expand(Graph& g, Node& n) { set_output(g, n, 0, type_of(g, n, 0), get_ints(n, "shape")); }

void eval_expand(Evaluation& e) {
  move_elements(*e.in[0], e.out[0], [&](const Shape& index) { return broadcast_offset(index, e.in[0]->shape); });
}

void lower_expand(Lowering& l, const Node& n) {
  const Shape& out = get_ints(n, "shape");
  Shape in = l.graph[n.inputs[0]].shape;
  in.insert(in.begin(), out.size() - in.size(), 1);
  Shape in_strides = strides_of(in), out_strides = strides_of(out);
  std::vector<CopyLoop> loops;
  for (size_t d = 0; d < out.size(); d++) loops.push_back({out[d], in[d] == 1 ? 0 : in_strides[d], out_strides[d]});
  bool rows_stay = out.size() > 2 && in[1] == out[1];
  add_strided_copy(l, n, read(buffer_of(l, n.inputs[0])), write(buffer_of(l, n.outputs[0])), std::move(loops),
                   rows_stay ? copy_rows(in, out) : std::nullopt);
}

void canonicalise_tile(Canonicaliser& c) {
  input_to_ints(c, 1, "repeats");
  int64_t rank = rank_of(c.graph, c.node, 0);
  if (!has_attribute(c.node, "repeats")) mismatch(c.node, "it has no repeats");
  const Shape& repeats = get_ints(c.node, "repeats");
  bool negative = std::any_of(repeats.begin(), repeats.end(), [](int64_t r) { return r < 0; });
  if (static_cast<int64_t>(repeats.size()) != rank || negative)
    mismatch(c.node, fmt::format("repeats {} for an input of {} dimensions", to_string(repeats), rank),
             "there must be one repeat >= 0 for each dimension");
}

void infer_tile(Graph& g, Node& n) {
  Shape out = shape_of(g, n, 0);
  for (size_t d = 0; d < out.size(); d++) {
    if (out[d] > 0 && get_ints(n, "repeats")[d] > kMaxElements) mismatch(n, "it repeats more than 2^31 times");
    out[d] *= get_ints(n, "repeats")[d];
  }
  set_output(g, n, 0, type_of(g, n, 0), std::move(out));
}

void eval_tile(Evaluation& e) {
  const Shape& in = e.in[0]->shape;
  Shape strides = strides_of(in);
  move_elements(*e.in[0], e.out[0], [&](const Shape& index) {
    int64_t from = 0;
    for (size_t d = 0; d < index.size(); d++) from += index[d] % in[d] * strides[d];
    return from;
  });
}

void lower_tile(Lowering& l, const Node& n) {
  const Shape &in = l.graph[n.inputs[0]].shape, &out = l.graph[n.outputs[0]].shape, &repeats = get_ints(n, "repeats");
  Shape in_strides = strides_of(in), out_strides = strides_of(out);
  std::vector<CopyLoop> loops;
  for (size_t d = 0; d < out.size(); d++) {
    loops.push_back({repeats[d], 0, in[d] * out_strides[d]});
    loops.push_back({in[d], in_strides[d], out_strides[d]});
  }
  bool rows_stay = out.size() > 2 && repeats[1] == 1;
  add_strided_copy(l, n, read(buffer_of(l, n.inputs[0])), write(buffer_of(l, n.outputs[0])), std::move(loops),
                   rows_stay ? copy_rows(in, out) : std::nullopt);
}

constexpr Op kOps[] = {
    {.name = "Expand", .max_inputs = 2, .canonicalise = canonicalise_expand, .infer = infer_expand,
     .eval = eval_expand, .lower = lower_expand, .quantisation = QuantRule::kSameScale, .integer = IntegerForm::kMove,
     .limits = "The shape must be known at compile time."},
    {.name = "Tile", .max_inputs = 2, .canonicalise = canonicalise_tile, .infer = infer_tile, .eval = eval_tile,
     .lower = lower_tile, .quantisation = QuantRule::kSameScale, .integer = IntegerForm::kMove,
     .limits = "The repeats must be known at compile time."},
};

}  // namespace

std::span<const Op> expand_ops() { return kOps; }

}  // namespace netsuke
