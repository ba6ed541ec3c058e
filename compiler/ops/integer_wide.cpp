#include "ops/integer_wide.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

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

Tensor function_values(const Graph& g, const Node& n, const Quantization& in, int64_t first, int64_t count) {
  Graph one;
  Node f = n;
  size_t operand = run_time_operand(g, n);
  Tensor x(DType::kFloat32, {count});
  for (int64_t i = 0; i < count; i++) x.as<float>()[static_cast<size_t>(i)] = to_real(first + i, in);
  std::vector<const Tensor*> inputs;
  for (size_t i = 0; i < n.inputs.size(); i++) {
    inputs.push_back(nullptr);
    if (n.inputs[i] == kNoValue) continue;
    auto value = std::make_shared<Tensor>(i == operand ? x : *g[n.inputs[i]].constant);
    if (i != operand) value->shape = {1};
    inputs.back() = value.get();
    f.inputs[i] = add_value(one, Value{"", value->type, value->shape, value, std::nullopt});
  }
  f.outputs = {add_value(one, Value{"", DType::kFloat32, {count}, nullptr, std::nullopt})};
  return eval_node(one, f, std::move(inputs))[0];
}

namespace {

constexpr int kMostBits = 10, kFewestBits = 5;  // 64 segments, 640 bytes, to 2048, 20 KB
constexpr size_t kMostExact = 4;
constexpr double kTolerance = 0.015625;  // of a step

// A function for all inputs, -32768 first.
struct Samples {
  int64_t zero;                // of the input
  IntegerRange range;          // of the output
  std::vector<double> real;    // output steps, zero point included, inside the range
  std::vector<int64_t> exact;  // rounded
};

size_t index_of(int64_t x) { return static_cast<size_t>(x + 32768); }

Samples sample(const Graph& g, const Node& n, const Quantization& in, const Quantization& out) {
  Samples s{in.zero_points[0], integer_range(out.type), {}, {}};
  Tensor values = function_values(g, n, in, -32768, 65536);
  s.exact = to_int64s(to_grid(values, out));
  for (float v : values.as<float>()) {
    double y = double(v) / double(out.scales[0]) + out.zero_points[0];
    s.real.push_back(std::isnan(y) ? double(s.range.low) : std::clamp(y, double(s.range.low), double(s.range.high)));
  }
  return s;
}

template <class T>
T stored(double x) {
  return static_cast<T>(std::llround(std::clamp(x, double(std::numeric_limits<T>::min()), double(std::numeric_limits<T>::max()))));
}

// The parabola y = base + slope * f + bend * f^2 around an input of the segment.
struct Parabola {
  double base, slope, bend;
};

// Through three inputs of first to last: those where the error of the best parabola is 0.
Parabola parabola(const Samples& s, int64_t first, int64_t last, int64_t around) {
  int64_t middle = (first + last + 1) / 2, r = std::max(1L, std::lround(double(last - first + 1) * std::sqrt(3) / 4));
  auto at = [&](int64_t x) { return s.real[index_of(std::clamp(x, first, last))]; };
  double left = at(middle - r), centre = at(middle), right = at(middle + r), distance = double(r);
  double slope = (right - left) / (2 * distance), bend = (right + left - 2 * centre) / (2 * distance * distance);
  double away = double(around - middle);
  return {centre + (slope + bend * away) * away, slope + 2 * bend * away, bend};
}

// The segment whose middle this is; its ends may lie beyond the type.
void append_segment(SegmentTable& t, const Samples& s, int64_t middle) {
  int64_t half = int64_t{1} << (t.bits - 1);
  Parabola p = parabola(s, std::max<int64_t>(middle - half, -32768), std::min<int64_t>(middle + half - 1, 32767), middle);
  t.lines.push_back(static_cast<int32_t>(std::llround(std::ldexp(p.base + 0.5, 16))));  // the sum fits, this may wrap around
  t.lines.push_back(stored<int32_t>(std::clamp(std::ldexp(p.slope, 24), -0x1p30, 0x1p30)));
  t.bends.push_back(stored<int16_t>(std::ldexp(p.bend, 24)));
}

SegmentTable table_of(const Samples& s, int bits, std::vector<int64_t> exact) {
  int64_t size = int64_t{1} << bits, last = (32767 - s.zero) >> bits;
  SegmentTable t{bits, static_cast<int32_t>(s.zero), (-32768 - s.zero) >> bits, std::move(exact), {}, {}};
  for (int64_t i = t.first; i <= last; i++) append_segment(t, s, s.zero + i * size + size / 2);
  for (int64_t i : t.exact)
    for (int64_t x = s.zero + (t.first + i) * size, end = x + size; x < end; x++)
      t.bends.push_back(static_cast<int16_t>(s.exact[index_of(std::clamp<int64_t>(x, -32768, 32767))]));
  return t;
}

// In 1/65536 of a step, half a step added.
int32_t parabola_value(const SegmentTable& t, int64_t segment, int64_t f) {
  auto i = static_cast<size_t>(segment);
  return static_cast<int32_t>(t.lines[2 * i] + ((t.lines[2 * i + 1] + t.bends[i] * f) >> 8) * f);
}

bool is_close(const SegmentTable& t, const Samples& s, int64_t segment, int64_t x) {
  int64_t size = int64_t{1} << t.bits, sum = parabola_value(t, segment, ((x - t.in_zero) & (size - 1)) - size / 2), y = sum >> 16;
  if (y < s.range.low || y > s.range.high) return false;
  size_t at = index_of(x);
  return std::abs(y - s.exact[at]) <= 1 && std::fabs(std::ldexp(double(sum), -16) - 0.5 - s.real[at]) <= kTolerance;
}

// Segments that are no parabola.
std::vector<int64_t> bad_segments(const SegmentTable& t, const Samples& s) {
  std::vector<int64_t> bad;
  for (int64_t x = -32768; x < 32768; x++) {
    int64_t segment = ((x - t.in_zero) >> t.bits) - t.first;
    if ((bad.empty() || bad.back() != segment) && !is_close(t, s, segment, x)) bad.push_back(segment);
    if (bad.size() > kMostExact) break;
  }
  return bad;
}

}  // namespace

bool choose_table(const Graph& g, Node& n, const Quantization& in, const Quantization& out) {
  Samples s = sample(g, n, in, out);
  size_t fewest = SIZE_MAX;
  for (int bits = kMostBits; bits >= kFewestBits; bits--) {
    SegmentTable t = table_of(s, bits, {});
    std::vector<int64_t> bad = bad_segments(t, s);
    size_t bytes = 10 * t.bends.size() + (bad.size() << (bits + 1));
    if (bad.size() > kMostExact || bytes >= fewest) continue;
    fewest = bytes;
    n.attributes["table_bits"] = int64_t{bits};
    n.attributes["table_exact"] = bad;
  }
  return fewest < SIZE_MAX;
}

SegmentTable segment_table(const Graph& g, const Node& n) {
  Samples s = sample(g, n, grid_of(g, n.inputs[run_time_operand(g, n)]), grid_of(g, n.outputs[0]));
  return table_of(s, static_cast<int>(get_int(n, "table_bits")), get_ints(n, "table_exact"));
}

int64_t table_value(const SegmentTable& t, int64_t x) {
  int64_t size = int64_t{1} << t.bits, d = x - t.in_zero, segment = (d >> t.bits) - t.first, f = d & (size - 1);
  auto found = std::find(t.exact.begin(), t.exact.end(), segment);
  if (found == t.exact.end()) return parabola_value(t, segment, f - size / 2) >> 16;
  return t.bends[t.lines.size() / 2 + static_cast<size_t>((found - t.exact.begin()) * size + f)];
}

void eval_segments(Evaluation& e) {
  SegmentTable t = segment_table(e.graph, e.node);
  auto x = e.in[run_time_operand(e.graph, e.node)]->as<int16_t>();
  visit_type(e.out[0].type, [&]<class T>() {
    for (size_t i = 0; i < x.size(); i++) e.out[0].as<T>()[i] = static_cast<T>(table_value(t, x[i]));
  });
}

}  // namespace netsuke
