// Reductions over dimensions. Canonical: attribute `axes`, sorted, and `keepdims`. Means and maxima over the two spatial
// dimensions become global pools, which know feature maps.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "lower/lowering.hpp"
#include "ops/broadcasting.hpp"
#include "ops/helpers.hpp"

namespace netsuke {
namespace {

// --- canonicalise ---

bool is_plain(const Node& n) {  // reducing over nothing leaves every element as it is
  return n.op == "ReduceSum" || n.op == "ReduceMean" || n.op == "ReduceMax" || n.op == "ReduceMin" || n.op == "ReduceProd";
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

// --- eval ---

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

// --- records ---

constexpr Op reduce_op(std::string_view name, std::string_view limits, QuantRule rule = QuantRule::kMeasured) {
  return {.name = name, .max_inputs = 2, .canonicalise = canonicalise_reduce, .infer = infer_reduce,
          .eval = eval_reduce, .lower = lower_reduce, .quantisation = rule, .limits = limits};
}

constexpr std::string_view kNumbers = "All number types; the axes must be known at compile time.";
constexpr std::string_view kFloats = "Float32 and float64 only; the axes must be known at compile time.";
constexpr std::string_view kAll = "The axes must be known at compile time.";

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
};

}  // namespace

std::span<const Op> reduce_ops() { return kOps; }

}  // namespace netsuke
