// Slice. Canonical form: attributes `starts`, `steps` and `shape` with one entry for each dimension, all
// inside the input: out[i] = in[starts + i * steps], 0 <= i < shape. Steps may be negative, never 0.
#include "lower/strided_copy.hpp"
#include "ops/movement.hpp"

namespace netsuke {
namespace {

struct Range {
  int64_t start, step, count;
};

// What Python's [start:end:step] selects of `length` elements.
Range clamped(int64_t start, int64_t end, int64_t step, int64_t length) {
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? length : length - 1;
  auto bound = [&](int64_t v) { return std::clamp(v < 0 ? v + length : v, low, high); };
  start = bound(start);
  end = bound(end);
  int64_t distance = step > 0 ? end - start : start - end;
  if (distance <= 0) return {0, 1, 0};
  int64_t width = step > 0 ? step : step == INT64_MIN ? INT64_MAX : -step;
  int64_t count = 1 + (distance - 1) / width;
  return {start, count > 1 ? step : 1, count};
}

std::vector<int64_t> take(Node& n, const char* key, size_t count, bool required) {
  std::vector<int64_t> values;
  if (has_attribute(n, key)) values = get_ints(n, key);
  bool absent = !has_attribute(n, key);
  n.attributes.erase(key);
  if (absent && required) mismatch(n, fmt::format("it has no {}", key));
  if (!absent && values.size() != count)
    mismatch(n, fmt::format("{} has {} entries, starts has {}", key, values.size(), count));
  return values;
}

void canonicalise_slice(Canonicaliser& c) {
  Node& n = c.node;
  if (has_attribute(n, "shape")) return;
  // Attributes until opset 9, inputs from 10 on; the last first, since a dropped input shortens the list.
  const char* const keys[] = {"starts", "ends", "axes", "steps"};
  for (size_t i = 4; i > 0; i--) input_to_ints(c, i, keys[i - 1]);
  const Shape in = shape_of(c.graph, n, 0);
  if (!has_attribute(n, "starts")) mismatch(n, "it has no starts");
  size_t count = get_ints(n, "starts").size();
  std::vector<int64_t> begin = take(n, "starts", count, true), end = take(n, "ends", count, true);
  std::vector<int64_t> axes = take(n, "axes", count, false), step = take(n, "steps", count, false);
  if (axes.empty())
    for (size_t i = 0; i < count; i++) axes.push_back(static_cast<int64_t>(i));
  Shape starts(in.size(), 0), steps(in.size(), 1), shape = in;
  std::vector<bool> seen(in.size(), false);
  for (size_t i = 0; i < count; i++) {
    size_t d = static_cast<size_t>(normal_axis(n, axes[i], static_cast<int64_t>(in.size())));
    int64_t by = step.empty() ? 1 : step[i];
    if (by == 0) mismatch(n, fmt::format("the step of axis {} is 0", d));
    if (seen[d]) mismatch(n, fmt::format("axis {} stands twice", d));
    seen[d] = true;
    Range r = clamped(begin[i], end[i], by, in[d]);
    starts[d] = r.start, steps[d] = r.step, shape[d] = r.count;
  }
  n.attributes = {{"starts", std::move(starts)}, {"steps", std::move(steps)}, {"shape", std::move(shape)}};
}

void infer_slice(Graph& g, Node& n) { set_output(g, n, 0, type_of(g, n, 0), get_ints(n, "shape")); }

void eval_slice(Evaluation& e) {
  const Shape &starts = get_ints(e.node, "starts"), &steps = get_ints(e.node, "steps");
  Shape strides = strides_of(e.in[0]->shape);
  move_elements(*e.in[0], e.out[0], [&](const Shape& index) {
    int64_t from = 0;
    for (size_t d = 0; d < index.size(); d++) from += (starts[d] + index[d] * steps[d]) * strides[d];
    return from;
  });
}

void lower_slice(Lowering& l, const Node& n) {
  const Shape &starts = get_ints(n, "starts"), &steps = get_ints(n, "steps"), &shape = get_ints(n, "shape");
  const Shape& in = l.graph[n.inputs[0]].shape;
  Shape in_strides = strides_of(in), out_strides = strides_of(shape);
  std::vector<CopyLoop> loops;
  int64_t first = 0;
  for (size_t d = 0; d < shape.size(); d++) {
    loops.push_back({shape[d], steps[d] * in_strides[d], out_strides[d]});
    first += starts[d] * in_strides[d];
  }
  bool forward = shape.size() > 2 && steps[1] > 0;
  add_strided_copy(l, n, read(buffer_of(l, n.inputs[0]), first), write(buffer_of(l, n.outputs[0])), std::move(loops),
                   forward ? copy_rows(in, shape, steps[1], starts[1]) : std::nullopt);
}

constexpr Op kOps[] = {
    {.name = "Slice", .max_inputs = 5, .canonicalise = canonicalise_slice, .infer = infer_slice, .eval = eval_slice,
     .lower = lower_slice, .quantisation = QuantRule::kSameScale, .integer = IntegerForm::kMove,
     .limits = "Starts, ends, axes and steps must be known at compile time."},
};

}  // namespace

std::span<const Op> slice_ops() { return kOps; }

}  // namespace netsuke
