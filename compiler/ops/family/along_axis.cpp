// What looks along one dimension: ArgMax and ArgMin, Hardmax, CumSum. Canonical: attribute `axis`.
#include "lower/lowering.hpp"
#include "ops/broadcasting.hpp"
#include "ops/helpers.hpp"

namespace netsuke {
namespace {

// --- canonicalise ---

void canonicalise_arg(Canonicaliser& c) {
  set_default<int64_t>(c.node, "axis", 0);
  set_default<int64_t>(c.node, "keepdims", 1);
  set_default<int64_t>(c.node, "select_last_index", 0);
  normalise_axes(c, "axis", rank_of(c.graph, c.node, 0));
}

void canonicalise_hardmax(Canonicaliser& c) {
  set_default<int64_t>(c.node, "axis", c.opset < 13 ? 1 : -1);
  normalise_axes(c, "axis", rank_of(c.graph, c.node, 0));
  int64_t axis = get_int(c.node, "axis");
  if (c.opset < 13 && axis != rank_of(c.graph, c.node, 0) - 1) flatten_rows(c, axis);
}

void canonicalise_cumsum(Canonicaliser& c) {
  Node& n = c.node;
  if (has_input(n, 1)) {
    input_to_ints(c, 1, "axes");
    const Shape& axes = get_ints(n, "axes");
    if (axes.size() != 1) mismatch(n, fmt::format("axis has {} elements", axes.size()));
    int64_t axis = axes[0];
    n.attributes.erase("axes");
    n.attributes["axis"] = axis;
  }
  set_default<int64_t>(n, "exclusive", 0);
  set_default<int64_t>(n, "reverse", 0);
  normalise_axes(c, "axis", rank_of(c.graph, n, 0));
}

// --- infer ---

void require_number(const Graph& g, const Node& n) {
  if (type_of(g, n, 0) == DType::kBool) require_type(g, n, 0, {});
}

void infer_arg(Graph& g, Node& n) {
  require_number(g, n);
  int64_t axis = get_int(n, "axis");
  if (shape_of(g, n, 0)[static_cast<size_t>(axis)] == 0) mismatch(n, fmt::format("axis {} is empty", axis));
  set_output(g, n, 0, DType::kInt64, reduced_shape(shape_of(g, n, 0), {axis}, get_int(n, "keepdims") != 0));
}

void infer_number(Graph& g, Node& n) {
  require_number(g, n);
  infer_same(g, n);
}

// --- eval ---

// A dimension and what lies outside and inside of it.
struct Line {
  int64_t outer, count, inner;
};
Line line_along(const Shape& shape, int64_t axis) {
  auto at = shape.begin() + axis;
  return {count_of({shape.begin(), at}), *at, count_of({at + 1, shape.end()})};
}

// Calls f(first element, number of the line) for each line; its elements are `inner` apart.
template <class F>
void for_each_line(const Line& l, F&& f) {
  for (int64_t o = 0; o < l.outer; o++)
    for (int64_t i = 0; i < l.inner; i++) f(static_cast<size_t>(o * l.count * l.inner + i), static_cast<size_t>(o * l.inner + i));
}

template <class T>
int64_t position_of_extreme(std::span<const T> in, size_t first, const Line& l, bool largest, bool last) {
  auto at = [&](int64_t i) { return in[first + static_cast<size_t>(i * l.inner)]; };
  int64_t best = 0;
  for (int64_t i = 1; i < l.count; i++)
    if ((largest ? at(i) > at(best) : at(i) < at(best)) || (last && at(i) == at(best))) best = i;
  return best;
}

void eval_arg(Evaluation& e) {
  Line l = line_along(e.in[0]->shape, get_int(e.node, "axis"));
  bool last = get_int(e.node, "select_last_index") != 0;
  visit_type(e.in[0]->type, [&]<class T>() {
    for_each_line(l, [&](size_t first, size_t number) {
      e.out[0].as<int64_t>()[number] = position_of_extreme(e.in[0]->as<T>(), first, l, e.node.op == "ArgMax", last);
    });
  });
}

void eval_hardmax(Evaluation& e) {
  Line l = line_along(e.in[0]->shape, get_int(e.node, "axis"));
  visit_type(e.in[0]->type, [&]<class T>() {
    for_each_line(l, [&](size_t first, size_t) {
      int64_t best = position_of_extreme(e.in[0]->as<T>(), first, l, true, false);
      e.out[0].as<T>()[first + static_cast<size_t>(best * l.inner)] = 1;
    });
  });
}

void eval_cumsum(Evaluation& e) {
  Line l = line_along(e.in[0]->shape, get_int(e.node, "axis"));
  bool exclusive = get_int(e.node, "exclusive") != 0, reverse = get_int(e.node, "reverse") != 0;
  visit_type(e.in[0]->type, [&]<class T>() {
    for_each_line(l, [&](size_t first, size_t) {
      Calculation<T> sum = 0;
      for (int64_t k = 0; k < l.count; k++) {
        size_t at = first + static_cast<size_t>((reverse ? l.count - 1 - k : k) * l.inner);
        auto x = static_cast<Calculation<T>>(e.in[0]->as<T>()[at]);
        e.out[0].as<T>()[at] = static_cast<T>(exclusive ? sum : sum + x);
        sum += x;
      }
    });
  });
}

// --- lower ---

Call line_call(Lowering& l, const Node& n, const std::string& kernel) {
  const Value& in = l.graph[n.inputs[0]];
  Line line = line_along(in.shape, get_int(n, "axis"));
  Call call = make_call(n, kernel, "reduce.hpp");
  call.parameters = {type_parameter("In", in.type), type_parameter("T", l.graph[n.outputs[0]].type),
                     {"outer", line.outer}, {"count", line.count}, {"inner", line.inner}};
  call.arguments = {read(buffer_of(l, n.inputs[0])), write(buffer_of(l, n.outputs[0]))};
  return call;
}

Parameter better_parameter(DType type, bool largest, bool last) {
  std::string c_type(c_type_of(type));
  return {"better", Function{"bool", fmt::format("{0} x, {0} best", c_type),
                             fmt::format("x {}{} best", largest ? ">" : "<", last ? "=" : ""), ""}};
}

void lower_arg(Lowering& l, const Node& n) {
  Call call = line_call(l, n, "arg_extreme");
  call.parameters.push_back(
      better_parameter(type_of(l.graph, n, 0), n.op == "ArgMax", get_int(n, "select_last_index") != 0));
  l.program.calls.push_back(std::move(call));
}

void lower_hardmax(Lowering& l, const Node& n) {
  Call call = line_call(l, n, "hardmax");
  call.parameters.push_back(better_parameter(type_of(l.graph, n, 0), true, false));
  l.program.calls.push_back(std::move(call));
}

void lower_cumsum(Lowering& l, const Node& n) {
  Call call = line_call(l, n, "cumulate");
  call.parameters.push_back({"exclusive", get_int(n, "exclusive") != 0});
  call.parameters.push_back({"reverse", get_int(n, "reverse") != 0});
  call.in_place = {{0, 1}};
  l.program.calls.push_back(std::move(call));
}

// --- records ---

constexpr Op arg_op(std::string_view name) {
  return {.name = name, .canonicalise = canonicalise_arg, .infer = infer_arg, .eval = eval_arg, .lower = lower_arg,
          .limits = "All number types."};
}

constexpr Op kOps[] = {
    arg_op("ArgMax"),
    arg_op("ArgMin"),
    {.name = "Hardmax", .canonicalise = canonicalise_hardmax, .infer = infer_number, .eval = eval_hardmax,
     .lower = lower_hardmax, .quantisation = QuantRule::kFixed, .limits = "All number types."},
    {.name = "CumSum", .min_inputs = 2, .max_inputs = 2, .canonicalise = canonicalise_cumsum,
     .infer = infer_number, .eval = eval_cumsum, .lower = lower_cumsum, .quantisation = QuantRule::kMeasured,
     .limits = "All number types; the axis must be known at compile time."},
};

}  // namespace

std::span<const Op> along_axis_ops() { return kOps; }

}  // namespace netsuke
