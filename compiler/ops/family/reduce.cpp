// Reductions over dimensions, ArgMax and ArgMin, Hardmax and CumSum. Canonical: attribute `axes`, sorted, and
// `keepdims`. Means and maxima over the two spatial dimensions become global pools, which know feature maps.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "lower/lowering.hpp"
#include "ops/broadcasting.hpp"
#include "ops/convert.hpp"
#include "ops/helpers.hpp"

namespace netsuke {
namespace {

// --- canonicalise ---

bool is_plain(const Node& n) {  // reducing over nothing leaves every element as it is
  return n.op == "ReduceSum" || n.op == "ReduceMean" || n.op == "ReduceMax" || n.op == "ReduceMin" || n.op == "ReduceProd";
}

void become_reshape(Canonicaliser& c, const Shape& shape) {
  c.node.op = "Reshape";
  c.node.attributes = {{"shape", shape}, {"allowzero", int64_t{1}}};
}

Shape reduced_shape(const Shape& in, const std::vector<int64_t>& axes, bool keep) {
  Shape out;
  for (size_t i = 0; i < in.size(); i++) {
    bool folded = std::find(axes.begin(), axes.end(), static_cast<int64_t>(i)) != axes.end();
    if (!folded || keep) out.push_back(folded ? 1 : in[i]);
  }
  return out;
}

// ReduceMean over height and width of a float feature map  →  GlobalAveragePool (+ Reshape)
bool becomes_global_pool(Canonicaliser& c) {
  Node& n = c.node;
  if (n.op != "ReduceMean" && n.op != "ReduceMax") return false;
  if (rank_of(c.graph, n, 0) != 4 || get_ints(n, "axes") != Shape{2, 3} || type_of(c.graph, n, 0) != DType::kFloat32)
    return false;
  std::string pool = n.op == "ReduceMean" ? "GlobalAveragePool" : "GlobalMaxPool";
  Shape out = reduced_shape(shape_of(c.graph, n, 0), {2, 3}, false);
  if (get_int(n, "keepdims")) {
    n.op = pool;
    n.attributes.clear();
  } else {
    n.inputs = {add_preceding(c, pool, {n.inputs[0]})};
    become_reshape(c, out);
  }
  return true;
}

void canonicalise_reduce(Canonicaliser& c) {
  Node& n = c.node;
  input_to_ints(c, 1, "axes");
  set_default<int64_t>(n, "keepdims", 1);
  int64_t rank = rank_of(c.graph, n, 0);
  if (!has_attribute(n, "axes") || get_ints(n, "axes").empty()) {
    bool nothing = has_attribute(n, "noop_with_empty_axes") && get_int(n, "noop_with_empty_axes") != 0;
    if (nothing && is_plain(n)) return become_reshape(c, Shape(shape_of(c.graph, n, 0)));
    Shape all(nothing ? 0u : static_cast<size_t>(rank));
    std::iota(all.begin(), all.end(), 0);
    n.attributes["axes"] = all;
  }
  n.attributes.erase("noop_with_empty_axes");
  normalise_axes(c, "axes", rank);
  auto& axes = std::get<std::vector<int64_t>>(n.attributes["axes"]);
  std::sort(axes.begin(), axes.end());
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  becomes_global_pool(c);
}

void canonicalise_arg(Canonicaliser& c) {
  set_default<int64_t>(c.node, "axis", 0);
  set_default<int64_t>(c.node, "keepdims", 1);
  set_default<int64_t>(c.node, "select_last_index", 0);
  normalise_axes(c, "axis", rank_of(c.graph, c.node, 0));
}

// Before opset 13 Hardmax sees a matrix whose columns are all dimensions from `axis` on.
void canonicalise_hardmax(Canonicaliser& c) {
  Node& n = c.node;
  Shape in = shape_of(c.graph, n, 0);
  set_default<int64_t>(n, "axis", c.opset < 13 ? 1 : -1);
  normalise_axes(c, "axis", rank_of(c.graph, n, 0));
  int64_t axis = get_int(n, "axis");
  if (c.opset >= 13 || axis == rank_of(c.graph, n, 0) - 1) return;
  auto middle = in.begin() + axis;
  Shape matrix{count_of({in.begin(), middle}), count_of({middle, in.end()})};
  ValueId flat = add_preceding(c, "Reshape", {n.inputs[0]}, {{"shape", matrix}, {"allowzero", int64_t{1}}});
  ValueId hard = add_preceding(c, "Hardmax", {flat}, {{"axis", int64_t{1}}});
  n.inputs = {hard};
  become_reshape(c, in);
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

void infer_reduce(Graph& g, Node& n) {
  DType type = type_of(g, n, 0);
  bool allowed = is_float(type);
  if (n.op != "ReduceL2" && n.op != "ReduceLogSum" && n.op != "ReduceLogSumExp") allowed |= is_integer(type);
  if (n.op == "ReduceMax" || n.op == "ReduceMin") allowed |= type == DType::kBool;
  if (!allowed) require_type(g, n, 0, {});
  const Shape& in = shape_of(g, n, 0);
  for (int64_t axis : get_ints(n, "axes"))
    if (in[static_cast<size_t>(axis)] == 0) mismatch(n, fmt::format("axis {} of shape {} is empty", axis, to_string(in)));
  set_output(g, n, 0, type, reduced_shape(in, get_ints(n, "axes"), get_int(n, "keepdims") != 0));
}

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

// Floats are accumulated in double, integers with more bits than they have.
template <class T>
using Calculation = std::conditional_t<std::is_floating_point_v<T>, double, __int128>;

double log_sum_exp(const std::vector<double>& values) {
  double most = *std::max_element(values.begin(), values.end()), sum = 0;
  if (std::isinf(most)) return most;
  for (double x : values) sum += std::exp(x - most);
  return most + std::log(sum);
}

template <class V>
V extreme_of(const std::vector<V>& values, bool largest) {
  V best = values[0];
  for (V x : values)
    if (x != x || (largest ? x > best : x < best)) best = x;
  return best;
}

// Of an integer product only the low 64 bits count; more would overflow in long products.
double multiply(double a, double b) { return a * b; }
__int128 multiply(__int128 a, __int128 b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

template <class V>
V reduce_values(const std::string& op, const std::vector<V>& values) {
  if (op == "ReduceMax" || op == "ReduceMin") return extreme_of(values, op == "ReduceMax");
  V sum = 0, product = 1, absolutes = 0, squares = 0;
  for (V x : values) {
    sum += x;
    product = multiply(product, x);
    absolutes += x < 0 ? -x : x;
    squares += multiply(x, x);
  }
  if (op == "ReduceSum") return sum;
  if (op == "ReduceProd") return product;
  if (op == "ReduceL1") return absolutes;
  if (op == "ReduceSumSquare") return squares;
  if (op == "ReduceMean") return sum / static_cast<V>(values.size());
  if constexpr (std::is_same_v<V, double>) {
    if (op == "ReduceL2") return std::sqrt(squares);
    if (op == "ReduceLogSum") return std::log(sum);
    if (op == "ReduceLogSumExp") return log_sum_exp(values);
  }
  NETSUKE_CHECK(false, "no meaning for '{}'", op);
  return 0;
}

void eval_reduce(Evaluation& e) {
  const Shape& in = e.in[0]->shape;
  Shape kept = reduced_shape(in, get_ints(e.node, "axes"), true);
  visit_type(e.in[0]->type, [&]<class T>() {
    std::vector<std::vector<Calculation<T>>> groups(static_cast<size_t>(count_of(kept)));
    size_t next = 0;
    for_each_index(in, [&](const Shape& index) {
      groups[static_cast<size_t>(broadcast_offset(index, kept))].push_back(
          static_cast<Calculation<T>>(e.in[0]->as<T>()[next++]));
    });
    for (size_t i = 0; i < groups.size(); i++) e.out[0].as<T>()[i] = static_cast<T>(reduce_values(e.node.op, groups[i]));
  });
}

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

struct Nest {
  std::vector<int64_t> dims, strides;
};

// The kept and the folded dimensions, each with neighbours merged that lie one behind the other in memory.
std::pair<Nest, Nest> nests(const Shape& in, const std::vector<int64_t>& axes) {
  std::pair<Nest, Nest> result;
  Shape strides = strides_of(in);
  for (size_t d = 0; d < in.size(); d++) {
    if (in[d] == 1) continue;
    bool folded = std::find(axes.begin(), axes.end(), static_cast<int64_t>(d)) != axes.end();
    Nest& nest = folded ? result.second : result.first;
    if (!nest.dims.empty() && nest.strides.back() == strides[d] * in[d]) {
      nest.dims.back() *= in[d];
      nest.strides.back() = strides[d];
    } else {
      nest.dims.push_back(in[d]);
      nest.strides.push_back(strides[d]);
    }
  }
  return result;
}

// start(first element `x`), step(acc, x) and finish(acc) as C++.
struct Fold {
  std::string start, step, finish;
};

Fold fold_of(const std::string& op, const std::string& acc, int64_t count) {
  std::string sum = fmt::format("netsuke::add(acc, static_cast<{}>(x))", acc);
  std::string squares = "netsuke::add(acc, netsuke::mul(x, x))";
  if (op == "ReduceSum") return {"0", sum, "acc"};
  if (op == "ReduceMean") return {"0", sum, acc == "float" || acc == "double" ? fmt::format("acc * ({}(1) / {})", acc, count)
                                                                             : fmt::format("acc / {}", count)};
  if (op == "ReduceMax") return {"x", "netsuke::larger(acc, x)", "acc"};
  if (op == "ReduceMin") return {"x", "netsuke::smaller(acc, x)", "acc"};
  if (op == "ReduceProd") return {"1", "netsuke::mul(acc, x)", "acc"};
  if (op == "ReduceL1") return {"0", "netsuke::add(acc, netsuke::absolute(x))", "acc"};
  if (op == "ReduceSumSquare") return {"0", squares, "acc"};
  if (op == "ReduceL2") return {"0", squares, "netsuke::sqrt_of(acc)"};
  if (op == "ReduceLogSum") return {"0", sum, "netsuke::log_of(acc)"};
  return {"netsuke::log_sum_exp_start(x)", "netsuke::log_sum_exp_step(acc, x)", "netsuke::log_sum_exp_finish(acc)"};
}

std::string accumulator_of(const std::string& op, DType type) {
  std::string own(c_type_of(type));
  if (op == "ReduceLogSumExp") return fmt::format("netsuke::LogSumExp<{}>", own);
  if (op == "ReduceMean" && is_integer(type)) return type == DType::kUint64 ? "uint64_t" : "int64_t";
  return own;
}

void lower_reduce(Lowering& l, const Node& n) {
  const Value &in = l.graph[n.inputs[0]], &out = l.graph[n.outputs[0]];
  auto [kept, folded] = nests(in.shape, get_ints(n, "axes"));
  std::string type(c_type_of(in.type)), acc = accumulator_of(n.op, in.type);
  Fold fold = fold_of(n.op, acc, count_of(in.shape) / std::max<int64_t>(1, count_of(out.shape)));
  // A start that does not depend on the element must not name it.
  std::string first = fold.start.find('x') == std::string::npos ? type : type + " x";
  Call call = make_call(n, "reduce", "reduce.hpp");
  call.parameters = {type_parameter("In", in.type),
                     {"Acc", TypeName{acc}},
                     type_parameter("T", out.type),
                     {"kept_dims", kept.dims},
                     {"kept_strides", kept.strides},
                     {"folded_dims", folded.dims},
                     {"folded_strides", folded.strides},
                     {"start", Function{acc, first, fold.start, ""}},
                     {"step", Function{acc, fmt::format("{} acc, {} x", acc, type), fold.step, ""}},
                     {"finish", Function{type, acc + " acc",
                                         acc == type || n.op == "ReduceLogSumExp"
                                             ? fold.finish
                                             : fmt::format("static_cast<{}>({})", type, fold.finish), ""}},
                     typed_activation_parameter(n, out.type)};
  call.arguments = {read(buffer_of(l, n.inputs[0])), write(buffer_of(l, n.outputs[0]))};
  l.program.calls.push_back(std::move(call));
}

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

constexpr Op reduce_op(std::string_view name, std::string_view limits, QuantRule rule = QuantRule::kMeasured) {
  return {.name = name, .max_inputs = 2, .canonicalise = canonicalise_reduce, .infer = infer_reduce,
          .eval = eval_reduce, .lower = lower_reduce, .quantisation = rule, .limits = limits};
}

constexpr std::string_view kNumbers = "All number types; the axes must be known at compile time.";
constexpr std::string_view kFloats = "Float32 and float64 only; the axes must be known at compile time.";
constexpr std::string_view kAll = "The axes must be known at compile time.";

constexpr Op arg_op(std::string_view name) {
  return {.name = name, .canonicalise = canonicalise_arg, .infer = infer_arg, .eval = eval_arg, .lower = lower_arg,
          .limits = "All number types."};
}

constexpr Op kOps[] = {
    reduce_op("ReduceSum", kNumbers),
    reduce_op("ReduceMean", kNumbers),
    reduce_op("ReduceMax", kAll, QuantRule::kSameScale),
    reduce_op("ReduceMin", kAll, QuantRule::kSameScale),
    reduce_op("ReduceProd", kNumbers),
    reduce_op("ReduceL1", kNumbers),
    reduce_op("ReduceL2", kFloats),
    reduce_op("ReduceSumSquare", kNumbers),
    reduce_op("ReduceLogSum", kFloats),
    reduce_op("ReduceLogSumExp", kFloats),
    arg_op("ArgMax"),
    arg_op("ArgMin"),
    {.name = "Hardmax", .canonicalise = canonicalise_hardmax, .infer = infer_number, .eval = eval_hardmax,
     .lower = lower_hardmax, .quantisation = QuantRule::kFixed, .limits = "All number types."},
    {.name = "CumSum", .min_inputs = 2, .max_inputs = 2, .canonicalise = canonicalise_cumsum,
     .infer = infer_number, .eval = eval_cumsum, .lower = lower_cumsum, .quantisation = QuantRule::kMeasured,
     .limits = "All number types; the axis must be known at compile time."},
};

}  // namespace

std::span<const Op> reduce_ops() { return kOps; }

}  // namespace netsuke
