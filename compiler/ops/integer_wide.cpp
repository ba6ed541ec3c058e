#include "ops/integer_wide.hpp"

#include <algorithm>
#include <cmath>

#include "graph/quantization.hpp"
#include "ops/helpers.hpp"

namespace netsuke {
namespace {

const Quantization& grid_of(const Graph& g, ValueId v) { return *g[v].quantization; }
double scale_of(const Graph& g, ValueId v) { return double(grid_of(g, v).scales[0]); }
bool has_16_bits(const Graph& g, ValueId v) { return g[v].type == DType::kInt16; }

}  // namespace

// --- sums ---

bool is_wide_sum(const Graph& g, const Node& n) {
  bool any = has_16_bits(g, n.outputs[0]) || std::any_of(n.inputs.begin(), n.inputs.end(), [&](ValueId v) { return has_16_bits(g, v); });
  return any && (n.inputs.size() > 1 || scale_of(g, n.inputs[0]) != scale_of(g, n.outputs[0]));
}

WideSum wide_sum(const Graph& g, const Node& n) {
  const Quantization& grid = grid_of(g, n.outputs[0]);
  bool two = n.inputs.size() > 1;
  double out = scale_of(g, n.outputs[0]), a = scale_of(g, n.inputs[0]) / out;
  double b = two ? scale_of(g, n.inputs[1]) / out * (n.op == "Sub" ? -1 : 1) : 0;
  // With 29 bits, all of the sum but its lowest 16 bits fits 32: what cores without long products compute.
  int shift = std::clamp(28 - static_cast<int>(std::floor(std::log2(std::max(a, std::fabs(b))))), 1, 46);
  auto multiplier = [&](double factor) {
    return static_cast<int32_t>(std::clamp(std::round(std::ldexp(factor, shift)), -536870912.0, 536870912.0));
  };
  return {multiplier(a), multiplier(b), grid_of(g, n.inputs[0]).zero_points[0], two ? grid_of(g, n.inputs[1]).zero_points[0] : 0,
          grid.zero_points[0], shift, limits_of(n, grid)};
}

int64_t wide_sum_of(const WideSum& s, int64_t a, int64_t b) {
  int64_t sum = (a - s.zero_a) * s.multiplier_a + (b - s.zero_b) * s.multiplier_b;
  return std::clamp<int64_t>(s.zero + ((sum + (int64_t{1} << (s.shift - 1))) >> s.shift), s.limits.low, s.limits.high);
}

// --- products ---

double product_bound(const Quantization& a, const Quantization& b, int64_t count) { return double(count) * reach_of(a) * reach_of(b); }

namespace {

double products_of(const Graph& g, const Node& n) {
  int64_t count = n.op == "Mul" ? 1 : g[n.inputs[0]].shape.back();
  return product_bound(grid_of(g, n.inputs[0]), grid_of(g, n.inputs[1]), count);
}

}  // namespace

bool has_wide_products(const Graph& g, const Node& n) {
  return (n.op == "Mul" || n.op == "MatMul") && products_of(g, n) >= 2147483648.0;
}

Requantisation wide_requantisation(const Graph& g, const Node& n, double factor) {
  const Quantization& grid = grid_of(g, n.outputs[0]);
  int bits = std::min(31, 62 - static_cast<int>(std::ceil(std::log2(products_of(g, n)))));
  int shift = std::clamp(bits - 1 - static_cast<int>(std::floor(std::log2(factor))), 1, 62);
  double most = std::ldexp(1.0, bits) - 1, m = std::clamp(std::round(std::ldexp(factor, shift)), 0.0, most);
  Limits limits = limits_of(n, grid);
  return {{static_cast<int32_t>(m)}, shift, grid.zero_points[0], limits.low, limits.high};
}

// --- functions of one value ---

namespace {

constexpr int kFewestBits = 4;  // a table of 8 KB
constexpr size_t kMostExact = 4;

// Of int8 results, nodes have bits behind the point: the lines between them are as exact as those of int16.
int node_bits_of(const Quantization& out) { return out.type == DType::kInt8 ? 7 : 0; }

Quantization node_grid(const Quantization& out) {
  int bits = node_bits_of(out);
  return per_tensor_grid(std::ldexp(out.scales[0], -bits), out.zero_points[0] * (1 << bits), DType::kInt16);
}

InterpolatedTable table_with(const Graph& g, const Node& n, const Quantization& in, const Quantization& out, int bits,
                             std::vector<int64_t> exact) {
  // The real 0, where many functions have a kink, is a node.
  int64_t zero = in.zero_points[0], size = int64_t{1} << bits;
  InterpolatedTable t{bits, node_bits_of(out), in.zero_points[0], (-32768 - zero) >> bits, 0, std::move(exact), {}};
  int64_t last = (32767 - zero) >> bits;
  auto append = [&](const Quantization& grid, int64_t first, int64_t count, int64_t step, int shift) {
    for (int64_t v : to_int64s(function_values(g, n, in, grid, zero + first, count, step)))
      t.values.push_back(static_cast<int16_t>(std::min<int64_t>(v << shift, t.node_bits ? 127 << t.node_bits : 32767)));
  };
  append(node_grid(out), t.first * size, last - t.first + 2, size, 0);
  t.nodes = t.values.size();
  for (int64_t i : t.exact) append(out, (t.first + i) * size, size, 1, t.node_bits);
  return t;
}

// Segments in which the lines are more than a step from the exact results.
std::vector<int64_t> bad_segments(const InterpolatedTable& t, std::span<const int64_t> expected) {
  std::vector<int64_t> bad;
  for (int64_t x = -32768; x < 32768; x++) {
    int64_t i = ((x - t.in_zero) >> t.bits) - t.first;
    bool good = std::abs(interpolate(t, x) - expected[static_cast<size_t>(x + 32768)]) <= 1;
    if (!good && (bad.empty() || bad.back() != i)) bad.push_back(i);
  }
  return bad;
}

}  // namespace

Tensor function_values(const Graph& g, const Node& n, const Quantization& in, const Quantization& out, int64_t first, int64_t count,
                       int64_t step) {
  Graph one;
  Node f = n;
  size_t operand = run_time_operand(g, n);
  Tensor x(DType::kFloat32, {count});
  for (int64_t i = 0; i < count; i++) x.as<float>()[static_cast<size_t>(i)] = to_real(first + i * step, in);
  std::vector<const Tensor*> inputs;
  for (size_t i = 0; i < n.inputs.size(); i++) {
    if (n.inputs[i] == kNoValue) {
      inputs.push_back(nullptr);
      continue;
    }
    auto value = std::make_shared<Tensor>(i == operand ? x : *g[n.inputs[i]].constant);
    if (i != operand) value->shape = {1};
    f.inputs[i] = add_value(one, Value{"", value->type, value->shape, value, std::nullopt});
    inputs.push_back(value.get());
  }
  f.outputs = {add_value(one, Value{"", DType::kFloat32, {count}, nullptr, std::nullopt})};
  return to_grid(eval_node(one, f, std::move(inputs))[0], out);
}

bool choose_table(const Graph& g, Node& n, const Quantization& in, const Quantization& out) {
  std::vector<int64_t> expected = to_int64s(function_values(g, n, in, out, -32768, 65536));
  size_t fewest = SIZE_MAX;
  for (int bits = 7; bits >= kFewestBits; bits--) {
    InterpolatedTable t = table_with(g, n, in, out, bits, {});
    std::vector<int64_t> bad = bad_segments(t, expected);
    size_t values = t.nodes + (bad.size() << bits);
    if (bad.size() > kMostExact || values >= fewest) continue;
    fewest = values;
    n.attributes["table_bits"] = int64_t{bits};
    n.attributes["table_exact"] = bad;
  }
  return fewest < SIZE_MAX;
}

InterpolatedTable interpolated_table(const Graph& g, const Node& n) {
  ValueId x = n.inputs[run_time_operand(g, n)];
  return table_with(g, n, grid_of(g, x), grid_of(g, n.outputs[0]), static_cast<int>(get_int(n, "table_bits")), get_ints(n, "table_exact"));
}

int32_t interpolate(const InterpolatedTable& t, int64_t x) {
  int64_t size = int64_t{1} << t.bits, d = x - t.in_zero, segment = (d >> t.bits) - t.first, f = d & (size - 1);
  auto at = [&](int64_t i) { return int64_t{t.values[static_cast<size_t>(i)]}; };
  if (auto found = std::find(t.exact.begin(), t.exact.end(), segment); found != t.exact.end())
    return static_cast<int32_t>(at(static_cast<int64_t>(t.nodes) + (found - t.exact.begin()) * size + f) >> t.node_bits);
  int shift = t.bits + t.node_bits;
  return static_cast<int32_t>((at(segment) * (size - f) + at(segment + 1) * f + (int64_t{1} << (shift - 1))) >> shift);
}

void eval_interpolated(Evaluation& e) {
  InterpolatedTable t = interpolated_table(e.graph, e.node);
  auto x = e.in[run_time_operand(e.graph, e.node)]->as<int16_t>();
  visit_type(e.out[0].type, [&]<class T>() {
    for (size_t i = 0; i < x.size(); i++) e.out[0].as<T>()[i] = static_cast<T>(interpolate(t, x[i]));
  });
}

}  // namespace netsuke
