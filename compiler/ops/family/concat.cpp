// Concat and Split. Canonical form: attribute axis >= 0; Split also has `split`, one length for each output.
#include <numeric>

#include "lower/strided_copy.hpp"
#include "ops/movement.hpp"

namespace netsuke {
namespace {

// --- Concat ---

void canonicalise_concat(Canonicaliser& c) {
  if (!has_attribute(c.node, "axis")) mismatch(c.node, "it has no axis");
  for (size_t i = 0; i < c.node.inputs.size(); i++)
    if (!has_input(c.node, i)) mismatch(c.node, fmt::format("input {} is missing", i));
  normalise_axes(c, "axis", rank_of(c.graph, c.node, 0));
}

void infer_concat(Graph& g, Node& n) {
  Shape out = shape_of(g, n, 0);
  size_t axis = static_cast<size_t>(get_int(n, "axis"));
  for (size_t i = 1; i < n.inputs.size(); i++) {
    Shape in = shape_of(g, n, i);
    if (type_of(g, n, i) != type_of(g, n, 0))
      mismatch(n, fmt::format("inputs 0 and {} are {} and {}", i, name_of(type_of(g, n, 0)), name_of(type_of(g, n, i))));
    int64_t length = in.size() > axis ? in[axis] : 0;
    if (in.size() > axis) in[axis] = out[axis];
    if (in != out)
      mismatch(n, fmt::format("inputs 0 and {} have shapes {} and {}", i, to_string(shape_of(g, n, 0)),
                              to_string(shape_of(g, n, i))),
               fmt::format("they must agree everywhere but in dimension {}", axis));
    out[axis] += length;
  }
  set_output(g, n, 0, type_of(g, n, 0), std::move(out));
}

// Copies `count` blocks; blocks of the input and output start `in_step` and `out_step` elements apart.
void copy_blocks(const Tensor& in, int64_t in_start, int64_t in_step, Tensor& out, int64_t out_start, int64_t out_step,
                 int64_t count, int64_t length) {
  size_t size = static_cast<size_t>(size_of(in.type));
  for (int64_t i = 0; i < count; i++)
    std::copy_n(in.bytes.begin() + (in_start + i * in_step) * static_cast<int64_t>(size),
                static_cast<size_t>(length) * size,
                out.bytes.begin() + (out_start + i * out_step) * static_cast<int64_t>(size));
}

void eval_concat(Evaluation& e) {
  size_t axis = static_cast<size_t>(get_int(e.node, "axis"));
  const Shape& out = e.out[0].shape;
  int64_t outer = span_count(out, 0, axis), step = span_count(out, axis, out.size()), at = 0;
  for (const Tensor* in : e.in) {
    int64_t length = span_count(in->shape, axis, out.size());
    copy_blocks(*in, 0, length, e.out[0], at, step, outer, length);
    at += length;
  }
}

// Concat along or behind the third dimension takes row r of each input for row r of the output.
bool keeps_rows(const Node& n) { return get_int(n, "axis") >= 2; }

void lower_concat(Lowering& l, const Node& n) {
  size_t axis = static_cast<size_t>(get_int(n, "axis"));
  const Shape& out = l.graph[n.outputs[0]].shape;
  int64_t outer = span_count(out, 0, axis), step = span_count(out, axis, out.size()), at = 0;
  BufferId target = buffer_of(l, n.outputs[0]);
  for (ValueId v : n.inputs) {
    const Shape& in = l.graph[v].shape;
    int64_t length = span_count(in, axis, in.size());
    if (length > 0)
      add_strided_copy(l, n, read(buffer_of(l, v)), write(target, at), {{outer, length, step}, {length, 1, 1}},
                       keeps_rows(n) ? copy_rows(in, out) : std::nullopt);
    at += length;
  }
}

// --- Split ---

// Opset 18 has num_outputs, whose last part may be shorter; without it the parts are equal.
Shape equal_parts(const Node& n, int64_t length, bool uneven) {
  int64_t parts = static_cast<int64_t>(n.outputs.size());
  int64_t part = (length + parts - 1) / parts, last = length - part * (parts - 1);
  if (last < 0 || (last != part && !uneven))
    mismatch(n, fmt::format("{} does not split into {} parts", length, parts), "give the length of each part");
  Shape split(n.outputs.size(), part);
  split.back() = last;
  return split;
}

void canonicalise_split(Canonicaliser& c) {
  Node& n = c.node;
  set_default<int64_t>(n, "axis", 0);
  normalise_axes(c, "axis", rank_of(c.graph, n, 0));
  input_to_ints(c, 1, "split");
  bool uneven = has_attribute(n, "num_outputs");
  if (uneven && get_int(n, "num_outputs") != static_cast<int64_t>(n.outputs.size()))
    mismatch(n, fmt::format("num_outputs is {}, it has {} outputs", get_int(n, "num_outputs"), n.outputs.size()));
  n.attributes.erase("num_outputs");
  int64_t length = shape_of(c.graph, n, 0)[static_cast<size_t>(get_int(n, "axis"))];
  if (!has_attribute(n, "split")) n.attributes["split"] = equal_parts(n, length, uneven);
  const Shape& split = get_ints(n, "split");
  bool negative = std::any_of(split.begin(), split.end(), [](int64_t part) { return part < 0; });
  if (negative || split.size() != n.outputs.size() || std::accumulate(split.begin(), split.end(), int64_t{0}) != length)
    mismatch(n, fmt::format("parts {} for {} outputs of a dimension of {}", to_string(split), n.outputs.size(), length),
             "there must be one part for each output, and their sum must be the dimension");
}

void infer_split(Graph& g, Node& n) {
  Shape out = shape_of(g, n, 0);
  for (size_t i = 0; i < n.outputs.size(); i++) {
    out[static_cast<size_t>(get_int(n, "axis"))] = get_ints(n, "split")[i];
    set_output(g, n, i, type_of(g, n, 0), out);
  }
}

void eval_split(Evaluation& e) {
  size_t axis = static_cast<size_t>(get_int(e.node, "axis"));
  const Shape& in = e.in[0]->shape;
  int64_t outer = span_count(in, 0, axis), step = span_count(in, axis, in.size()), inner = span_count(in, axis + 1, in.size());
  int64_t at = 0;
  for (size_t i = 0; i < e.out.size(); i++) {
    int64_t length = get_ints(e.node, "split")[i] * inner;
    if (e.node.outputs[i] != kNoValue) copy_blocks(*e.in[0], at, step, e.out[i], 0, length, outer, length);
    at += length;
  }
}

void lower_split(Lowering& l, const Node& n) {
  size_t axis = static_cast<size_t>(get_int(n, "axis"));
  const Shape& in = l.graph[n.inputs[0]].shape;
  int64_t outer = span_count(in, 0, axis), step = span_count(in, axis, in.size()), inner = span_count(in, axis + 1, in.size());
  int64_t at = 0;
  for (size_t i = 0; i < n.outputs.size(); i++) {
    int64_t length = get_ints(n, "split")[i] * inner;
    if (n.outputs[i] != kNoValue)
      add_strided_copy(l, n, read(buffer_of(l, n.inputs[0]), at), write(buffer_of(l, n.outputs[i])),
                       {{outer, step, length}, {length, 1, 1}},
                       keeps_rows(n) ? copy_rows(in, l.graph[n.outputs[i]].shape) : std::nullopt);
    at += length;
  }
}

constexpr Op kOps[] = {
    {.name = "Concat", .max_inputs = kAnyNumber, .canonicalise = canonicalise_concat, .infer = infer_concat,
     .eval = eval_concat, .lower = lower_concat, .quantisation = QuantRule::kMeasured, .integer = IntegerForm::kSameGrid},
    {.name = "Split", .max_inputs = 2, .max_outputs = kAnyNumber, .canonicalise = canonicalise_split,
     .infer = infer_split, .eval = eval_split, .lower = lower_split, .quantisation = QuantRule::kSameScale, .integer = IntegerForm::kMove,
     .limits = "The lengths of the parts must be known at compile time."},
};

}  // namespace

std::span<const Op> concat_ops() { return kOps; }

}  // namespace netsuke
