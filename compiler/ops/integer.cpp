#include "ops/integer.hpp"

#include <algorithm>
#include <cmath>

#include "graph/quantization.hpp"
#include "ops/activation.hpp"
#include "ops/helpers.hpp"
#include "ops/integer_wide.hpp"
#include "ops/layout.hpp"

namespace netsuke {
namespace {

const Quantization& grid_of(const Graph& g, ValueId v) {
  NETSUKE_CHECK(g[v].quantization, "'{}' has no grid", g[v].name);
  return *g[v].quantization;
}

double scale_of(const Graph& g, ValueId v) { return double(grid_of(g, v).scales[0]); }
int64_t zero_of(const Graph& g, ValueId v) { return grid_of(g, v).zero_points[0]; }

template <class F>
void fill(Tensor& out, const F& value) {
  visit_type(out.type, [&]<class T>() {
    for (size_t i = 0; i < out.as<T>().size(); i++) out.as<T>()[i] = static_cast<T>(value(i));
  });
}

// --- forms ---

size_t channel_axis(const Node& n, size_t rank) {
  bool channels_first = (n.op == "Conv" || n.op == "ConvTranspose") && !is_channels_last(n);
  return channels_first ? 1 : rank - 1;
}

// Sums that nothing rounds before: requantised, or, where the output has no grid, real numbers.
void eval_linear(Evaluation& e) {
  const Graph& g = e.graph;
  const Node& n = e.node;
  DoubleInputs inputs = double_inputs(e);
  Tensor sums = op_of(n).sums(Evaluation{g, n, inputs.pointers, {}});
  const Value& out = g[n.outputs[0]];
  std::vector<double> scales = sum_scales(g, n);
  size_t inner = 1;
  for (size_t d = channel_axis(n, out.shape.size()) + 1; d < out.shape.size(); d++) inner *= static_cast<size_t>(out.shape[d]);
  auto channel = [&](size_t i) { return scales.size() == 1 ? 0 : i / inner % scales.size(); };
  auto acc = sums.as<double>();
  if (is_quantised(out)) {
    Requantisation r = sum_requantisation(g, n);
    return fill(e.out[0], [&](size_t i) { return requantise(r, static_cast<int64_t>(acc[i]), channel(i)); });
  }
  fill(e.out[0], [&](size_t i) { return static_cast<float>(acc[i]) * static_cast<float>(scales[channel(i)]); });
  apply_activations(n, e.out[0]);
}

// The node on real numbers, put onto the output's grid: exact for what only hands elements on, and the meaning of tables.
void eval_real(Evaluation& e) {
  const Graph& g = e.graph;
  std::vector<Tensor> reals(e.in.size());
  std::vector<const Tensor*> in(e.in.size(), nullptr);
  for (size_t i = 0; i < e.in.size(); i++) {
    if (!e.in[i]) continue;
    const auto& grid = g[e.node.inputs[i]].quantization;
    bool stored = grid && e.in[i]->type != DType::kFloat32;
    if (stored) reals[i] = from_grid(*e.in[i], *grid);
    in[i] = stored ? &reals[i] : e.in[i];
  }
  Evaluation real{g, e.node, std::move(in), {}};
  for (const Tensor& t : e.out) real.out.emplace_back(DType::kFloat32, t.shape);
  op_of(e.node).eval(real);
  apply_activations(e.node, real.out[0]);
  for (size_t i = 0; i < e.out.size(); i++)
    if (e.node.outputs[i] != kNoValue) e.out[i] = to_grid(real.out[i], grid_of(g, e.node.outputs[i]));
}

// f of the operands' integers, broadcast.
template <class F>
void eval_pairs(Evaluation& e, const F& f) {
  const Tensor nothing(DType::kInt8, {});
  const Tensor& second = e.in.size() > 1 ? *e.in[1] : nothing;
  std::vector<int64_t> a = to_int64s(*e.in[0]), b = to_int64s(second), result;
  for_each_index(e.out[0].shape, [&](const Shape& index) {
    int64_t x = a[static_cast<size_t>(broadcast_offset(index, e.in[0]->shape))];
    result.push_back(f(x, b[static_cast<size_t>(broadcast_offset(index, second.shape))]));
  });
  fill(e.out[0], [&](size_t i) { return result[i]; });
}

void eval_product(Evaluation& e) {
  Requantisation r = sum_requantisation(e.graph, e.node);
  int64_t zero_a = zero_of(e.graph, e.node.inputs[0]), zero_b = zero_of(e.graph, e.node.inputs[1]);
  eval_pairs(e, [&](int64_t a, int64_t b) { return requantise(r, (a - zero_a) * (b - zero_b), 0); });
}

void eval_function(Evaluation& e) {
  bool wide = e.graph[e.node.inputs[run_time_operand(e.graph, e.node)]].type == DType::kInt16;
  if (wide) eval_segments(e);
  else eval_real(e);
}

}  // namespace

void eval_sum(Evaluation& e) {
  if (is_wide_sum(e.graph, e.node)) {
    WideSum s = wide_sum(e.graph, e.node);
    return eval_pairs(e, [&](int64_t a, int64_t b) { return wide_sum_of(s, a, b); });
  }
  SmallSum s = small_sum(e.graph, e.node);
  eval_pairs(e, [&](int64_t a, int64_t b) {
    int64_t sum = (a * s.multiplier_a + b * s.multiplier_b + s.offset) >> s.shift;
    return std::clamp<int64_t>(sum, s.limits.low, s.limits.high);
  });
}

bool is_quantised(const Value& v) { return v.quantization && (v.type == DType::kInt8 || v.type == DType::kInt16); }

size_t run_time_operand(const Graph& g, const Node& n) {
  for (size_t i = 0; i < n.inputs.size(); i++)
    if (n.inputs[i] != kNoValue && !g[n.inputs[i]].constant) return i;
  return 0;
}

// Integers that the model itself moves without a DequantizeLinear behind them have no grid there.
bool has_grid_behind(const Graph& g, const Node& n) {
  return std::any_of(n.outputs.begin(), n.outputs.end(), [&](ValueId v) { return v != kNoValue && is_quantised(g[v]); });
}

bool is_integer_node(const Graph& g, const Node& n) {
  IntegerForm form = op_of(n).integer;
  if (form == IntegerForm::kNone || n.inputs.empty()) return false;
  if ((form == IntegerForm::kMove || form == IntegerForm::kSameGrid) && !has_grid_behind(g, n)) return false;
  return is_quantised(g[n.inputs[run_time_operand(g, n)]]);
}

bool is_exact(const Graph& g) {
  return std::all_of(g.nodes.begin(), g.nodes.end(), [&](const Node& n) {
    if (n.op == "QuantizeLinear" || n.op == "DequantizeLinear" || n.op == "Requantize") return true;
    if (is_integer_node(g, n)) return only_limits(n.activations);
    return op_of(n).integer == IntegerForm::kMove && n.activations.empty() && !(n.op == "Resample" && n.inputs.size() > 2);
  });
}

void eval_integer(Evaluation& e) {
  const Op& op = op_of(e.node);
  bool function = op.integer == IntegerForm::kFunction || std::count_if(e.node.inputs.begin(), e.node.inputs.end(), [&](ValueId v) {
                    return v != kNoValue && e.graph[v].type == DType::kFloat32;
                  }) > 0;
  if (op.integer == IntegerForm::kLinear) return eval_linear(e);
  if (op.eval_integer && (op.integer == IntegerForm::kAverage || op.integer == IntegerForm::kSoftmax)) return op.eval_integer(e);
  if (op.integer == IntegerForm::kSum && !function) return eval_sum(e);
  if (op.integer == IntegerForm::kProduct && !function) return eval_product(e);
  if (function) eval_function(e);
  else eval_real(e);
}

bool only_limits(const std::vector<Activation>& activations) {
  return std::all_of(activations.begin(), activations.end(),
                     [](const Activation& a) { return a.function == "relu" || a.function == "clip"; });
}

Limits limits_of(const Node& n, const Quantization& grid) {
  IntegerRange range = integer_range(grid.type);
  Limits limits{static_cast<int32_t>(range.low), static_cast<int32_t>(range.high)};
  auto raise = [&](float low) { limits.low = std::max(limits.low, static_cast<int32_t>(to_stored(double(low), grid))); };
  auto lower = [&](float high) { limits.high = std::min(limits.high, static_cast<int32_t>(to_stored(double(high), grid))); };
  for (const Activation& a : n.activations) {
    NETSUKE_CHECK(only_limits({a}), "'{}' on integers in '{}'", a.function, n.name);
    raise(a.function == "relu" ? 0.0f : a.arguments[0]);
    if (a.function == "clip") lower(a.arguments[1]);
  }
  limits.low = std::min(limits.low, limits.high);
  return limits;
}

Requantisation requantisation(const Graph& g, const Node& n, const std::vector<double>& factors) {
  const Quantization& grid = grid_of(g, n.outputs[0]);
  double largest = 0, smallest = INFINITY;
  for (double f : factors) {
    largest = std::max(largest, std::fabs(f));
    if (f != 0) smallest = std::min(smallest, std::fabs(f));
  }
  // 32 is what multipliers of Armv7E-M and Helium round at; it serves while the factors have 16 bits or more there.
  int shift = 32;
  if (largest > 0 && (largest >= 0.4999999 || std::ldexp(smallest, 32) < 65536))
    shift = std::clamp(30 - static_cast<int>(std::floor(std::log2(largest))), 1, 62);
  Limits limits = limits_of(n, grid);
  Requantisation r{{}, shift, grid.zero_points[0], limits.low, limits.high};
  for (double f : factors)
    r.multipliers.push_back(static_cast<int32_t>(std::clamp(std::round(std::ldexp(f, shift)), -2147483647.0, 2147483647.0)));
  return r;
}

int32_t requantise(const Requantisation& r, int64_t acc, size_t channel) {
  int64_t scaled = (acc * r.multipliers[channel] + (int64_t{1} << (r.shift - 1))) >> r.shift;
  return static_cast<int32_t>(std::clamp<int64_t>(r.zero_point + scaled, r.low, r.high));
}

int32_t requantise_half_even(const Requantisation& r, int64_t acc, size_t which) {
  int64_t half = int64_t{1} << (r.shift - 1), product = acc * r.multipliers[which];
  int64_t scaled = (product + half) >> r.shift;
  if ((product & (2 * half - 1)) == half && (scaled & 1)) scaled--;
  return static_cast<int32_t>(std::clamp<int64_t>(r.zero_point + scaled, r.low, r.high));
}

std::vector<double> sum_scales(const Graph& g, const Node& n) {
  std::vector<double> scales;
  for (float s : grid_of(g, n.inputs[1]).scales) scales.push_back(scale_of(g, n.inputs[0]) * double(s));
  return scales;
}

Requantisation sum_requantisation(const Graph& g, const Node& n) {
  std::vector<double> factors = sum_scales(g, n);
  for (double& f : factors) f /= scale_of(g, n.outputs[0]);
  if (has_wide_products(g, n)) return wide_requantisation(g, n, factors[0]);
  return requantisation(g, n, factors);
}

SmallSum small_sum(const Graph& g, const Node& n) {
  const Quantization& grid = grid_of(g, n.outputs[0]);
  bool two = n.inputs.size() > 1;
  double out = scale_of(g, n.outputs[0]), a = scale_of(g, n.inputs[0]) / out;
  double b = two ? scale_of(g, n.inputs[1]) / out * (n.op == "Sub" ? -1 : 1) : 0;
  if (!two && a == 1)  // only the zero point or the type changes
    return {1, 0, static_cast<int32_t>(grid.zero_points[0] - zero_of(g, n.inputs[0])), 0, limits_of(n, grid)};
  // The largest sum of any inputs, in output steps, times 2^shift must stay below 2^31.
  auto reach = [&](ValueId v, double factor) {
    IntegerRange range = integer_range(g[v].type);
    return double(range.high - range.low) * 2 * std::fabs(factor);
  };
  double largest = reach(n.inputs[0], a) + (two ? reach(n.inputs[1], b) : 0) + 2 * std::fabs(double(grid.zero_points[0])) + 1;
  int shift = std::clamp(static_cast<int>(std::floor(31 - std::log2(largest))), 1, 22);
  SmallSum s{static_cast<int32_t>(std::lround(std::ldexp(a, shift))), static_cast<int32_t>(std::lround(std::ldexp(b, shift))), 0,
             shift, limits_of(n, grid)};
  int64_t offset = (int64_t{grid.zero_points[0]} << shift) + (int64_t{1} << (shift - 1)) - zero_of(g, n.inputs[0]) * s.multiplier_a -
                   (two ? zero_of(g, n.inputs[1]) * s.multiplier_b : 0);
  s.offset = static_cast<int32_t>(offset);
  NETSUKE_CHECK(s.offset == offset, "offset of '{}'", n.name);
  return s;
}

Tensor function_table(const Graph& g, const Node& n) {
  return to_grid(function_values(g, n, grid_of(g, n.inputs[run_time_operand(g, n)]), -128, 256), grid_of(g, n.outputs[0]));
}

IntegerSoftmax integer_softmax(const Graph& g, const Node& n) {
  double in = scale_of(g, n.inputs[0]), per_unit = 1 / scale_of(g, n.outputs[0]);
  int64_t length = g[n.inputs[0]].shape[static_cast<size_t>(get_int(n, "axis"))];
  int length_bits = static_cast<int>(std::ceil(std::log2(double(length))));
  bool wide = g[n.inputs[0]].type == DType::kInt16, whole = std::fabs(per_unit - std::round(per_unit)) < 1e-6 * per_unit;
  IntegerSoftmax s{{}, {}, wide ? std::min(30, 46 - length_bits) : std::min(23, 31 - length_bits), 0, 0};
  if (!whole) s.fraction_bits = std::clamp(30 - static_cast<int>(std::ceil(std::log2(per_unit))), 0, 16);
  s.numerator = std::min(std::lround(std::ldexp(per_unit, s.fraction_bits)), 1L << 30);
  auto entry = [&](int d, int bits) { return static_cast<uint32_t>(std::lround(std::ldexp(std::exp(-in * d), bits))); };
  for (int d = 0; d < 256; d++) s.table.push_back(wide ? entry(256 * d, 31) : entry(d, s.bits));
  for (int d = 0; d < 256 && wide; d++) s.fine.push_back(entry(d, 31));
  return s;
}

uint64_t softmax_term(const IntegerSoftmax& s, int64_t distance) {
  if (s.fine.empty()) return s.table[static_cast<size_t>(distance)];
  uint64_t product = uint64_t{s.table[static_cast<size_t>(distance >> 8)]} * s.fine[static_cast<size_t>(distance & 255)];
  return (product + (uint64_t{1} << (61 - s.bits))) >> (62 - s.bits);
}

}  // namespace netsuke
