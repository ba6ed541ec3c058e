// Softmax and LogSoftmax over one axis.
//
// Before opset 13 they flattened their input to a matrix at `axis` and normalised whole rows. That is the
// same where only ones follow the axis; elsewhere it becomes reshape, softmax of a matrix, reshape.
#include <cmath>

#include "lower/lowering.hpp"
#include "graph/quantization.hpp"
#include "ops/broadcasting.hpp"
#include "ops/helpers.hpp"
#include "ops/integer.hpp"

namespace netsuke {
namespace {

Shape before(const Shape& s, int64_t axis) { return {s.begin(), s.begin() + axis}; }
Shape after(const Shape& s, int64_t axis) { return {s.begin() + axis + 1, s.end()}; }

void canonicalise_softmax(Canonicaliser& c) {
  bool rows = c.opset < 13;
  set_default<int64_t>(c.node, "axis", rows ? 1 : -1);
  int64_t rank = rank_of(c.graph, c.node, 0);
  if (rank == 0) mismatch(c.node, "its input is a scalar");
  normalise_axes(c, "axis", rank);
  int64_t axis = get_int(c.node, "axis");
  if (rows && count_of(after(shape_of(c.graph, c.node, 0), axis)) != 1) flatten_rows(c, axis);
}

void infer_softmax(Graph& g, Node& n) {
  require_type(g, n, 0, {DType::kFloat32});
  infer_same(g, n);
}

void eval_softmax(Evaluation& e) {
  const Tensor& in = *e.in[0];
  int64_t axis = get_int(e.node, "axis"), length = in.shape[static_cast<size_t>(axis)];
  int64_t inner = count_of(after(in.shape, axis));
  bool log = e.node.op == "LogSoftmax";
  auto x = in.as<float>();
  auto y = e.out[0].as<float>();
  for_each_index({count_of(before(in.shape, axis)), inner}, [&](const Shape& line) {
    auto at = [&](int64_t i) { return static_cast<size_t>((line[0] * length + i) * inner + line[1]); };
    double max = -INFINITY, sum = 0;
    for (int64_t i = 0; i < length; i++) max = std::fmax(max, double(x[at(i)]));
    for (int64_t i = 0; i < length; i++) sum += std::exp(double(x[at(i)]) - max);
    for (int64_t i = 0; i < length; i++) {
      double shifted = double(x[at(i)]) - max;
      y[at(i)] = static_cast<float>(log ? shifted - std::log(sum) : std::exp(shifted) / sum);
    }
  });
}

// --- integers: exp from tables, one division for each element; docs/numerics.md ---

void eval_integer_softmax(Evaluation& e) {
  const Quantization& grid = *e.graph[e.node.outputs[0]].quantization;
  IntegerSoftmax s = integer_softmax(e.graph, e.node);
  Limits limits = limits_of(e.node, grid);
  const Shape& shape = e.in[0]->shape;
  int64_t axis = get_int(e.node, "axis"), length = shape[static_cast<size_t>(axis)], inner = count_of(after(shape, axis));
  std::vector<int64_t> x = to_int64s(*e.in[0]);
  for_each_index({count_of(before(shape, axis)), inner}, [&](const Shape& line) {
    auto at = [&](int64_t i) { return static_cast<size_t>((line[0] * length + i) * inner + line[1]); };
    int64_t max = -32768;
    uint64_t sum = 0;
    for (int64_t i = 0; i < length; i++) max = std::max(max, x[at(i)]);
    for (int64_t i = 0; i < length; i++) sum += softmax_term(s, max - x[at(i)]);
    for (int64_t i = 0; i < length; i++) {
      uint64_t share = 2 * softmax_term(s, max - x[at(i)]) * static_cast<uint64_t>(s.numerator);
      auto y = static_cast<int64_t>((share + (sum << s.fraction_bits)) / (sum << (s.fraction_bits + 1)));
      y = std::clamp<int64_t>(grid.zero_points[0] + y, limits.low, limits.high);
      visit_type(e.out[0].type, [&]<class T>() { e.out[0].as<T>()[at(i)] = static_cast<T>(y); });
    }
  });
}

void lower_softmax(Lowering& l, const Node& n) {
  const Shape& in = l.graph[n.inputs[0]].shape;
  int64_t axis = get_int(n, "axis");
  Call call = make_call(n, n.op == "LogSoftmax" ? "log_softmax_f32" : "softmax_f32", "softmax_f32.hpp");
  call.parameters = {{"outer", count_of(before(in, axis))},
                     {"axis", in[static_cast<size_t>(axis)]},
                     {"inner", count_of(after(in, axis))}};
  call.arguments = {read(buffer_of(l, n.inputs[0])), write(buffer_of(l, n.outputs[0]))};
  call.in_place = {{0, 1}};
  call.rows = rows_alone(in, axis);
  l.program.calls.push_back(std::move(call));
}

constexpr Op softmax(std::string_view name, QuantRule rule) {
  return {.name = name, .canonicalise = canonicalise_softmax, .infer = infer_softmax, .eval = eval_softmax,
          .lower = lower_softmax, .quantisation = rule, .limits = "Float32 only."};
}

constexpr Op softmax_with_integers() {
  Op op = softmax("Softmax", QuantRule::kFixed);
  op.integer = IntegerForm::kSoftmax;
  op.eval_integer = eval_integer_softmax;
  return op;
}

constexpr Op kOps[] = {softmax_with_integers(), softmax("LogSoftmax", QuantRule::kMeasured)};

}  // namespace

std::span<const Op> softmax_ops() { return kOps; }

}  // namespace netsuke
