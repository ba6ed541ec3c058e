// Gemm, MatMul, Dense and MatMulInteger.
//
// Dense is netsuke's own: out[b, o] = bias[o] + sum_i in[b, i] * weights[o, i], weights and bias
// constant. Pass dense_from_matmul makes it out of Gemm, and of MatMul with a constant right side.
//
// Canonical form: a Gemm that such a Dense can stand for stays, any other becomes Transpose, MatMul, Mul, Add.
#include <algorithm>

#include "ops/integer.hpp"
#include "ops/integer_lower.hpp"
#include "ops/integer_wide.hpp"
#include "ops/layout.hpp"
#include "lower/lowering.hpp"
#include "lower/pack.hpp"
#include "ops/movement.hpp"
#include "ops/run_time_zero.hpp"

namespace netsuke {
namespace {

struct GemmShape {
  int64_t m, n, k_a, k_b;
};

GemmShape gemm_shape(const Graph& g, const Node& n) {
  for (size_t i : {0u, 1u})
    if (rank_of(g, n, i) != 2)
      mismatch(n, fmt::format("input {} has shape {}, it must be a matrix", i, to_string(shape_of(g, n, i))));
  const Shape &a = shape_of(g, n, 0), &b = shape_of(g, n, 1);
  bool ta = get_int(n, "transA") != 0, tb = get_int(n, "transB") != 0;
  return {a[ta ? 1 : 0], b[tb ? 0 : 1], a[ta ? 0 : 1], b[tb ? 1 : 0]};
}

// A bias that is one number for each column, or one for all: what a dense layer adds.
bool is_column_bias(const Shape& c, int64_t columns) {
  int64_t count = count_of(c);
  return count == 1 || (count == columns && c.back() == columns);
}

// Right side constant, left side as it is: pass dense_from_matmul makes a Dense of it.
bool is_dense(const Canonicaliser& c, int64_t columns) {
  const Node& n = c.node;
  if (get_int(n, "transA") != 0 || !constant_of(c.graph, n.inputs[1])) return false;
  return !has_input(n, 2) || (constant_of(c.graph, n.inputs[2]) && is_column_bias(shape_of(c.graph, n, 2), columns));
}

void check_gemm(const Graph& g, const Node& n) {
  for (size_t i = 0; i < n.inputs.size(); i++) require_type(g, n, i, {DType::kFloat32});
  GemmShape s = gemm_shape(g, n);
  if (s.k_a != s.k_b)
    mismatch(n, fmt::format("{} and {} do not multiply: {} columns against {} rows", to_string(shape_of(g, n, 0)),
                            to_string(shape_of(g, n, 1)), s.k_a, s.k_b));
  if (has_input(n, 2) && broadcast(n, {s.m, s.n}, shape_of(g, n, 2)) != Shape{s.m, s.n})
    mismatch(n, fmt::format("C has shape {}, the product [{},{}]", to_string(shape_of(g, n, 2)), s.m, s.n));
}

ValueId transposed(Canonicaliser& c, ValueId v) {
  return add_preceding(c, "Transpose", {v}, {{"perm", Shape{1, 0}}});
}

ValueId scaled(Canonicaliser& c, ValueId v, float factor) {
  if (factor == 1) return v;
  ValueId constant = add_constant(c.graph, c.node.name + "/factor", make_tensor<float>({}, std::span<const float>(&factor, 1)));
  return add_preceding(c, "Mul", {v, constant});
}

// alpha * a * b + beta * c in single steps; those on constants are folded at once.
void compose_gemm(Canonicaliser& c) {
  Node n = c.node;
  ValueId a = get_int(n, "transA") ? transposed(c, n.inputs[0]) : n.inputs[0];
  ValueId b = get_int(n, "transB") ? transposed(c, n.inputs[1]) : n.inputs[1];
  bool scale_b = constant_of(c.graph, n.inputs[1]) != nullptr;
  if (scale_b) b = scaled(c, b, get_float(n, "alpha"));
  bool plain = !has_input(n, 2) && (scale_b || get_float(n, "alpha") == 1);
  if (plain) {
    c.node = Node{"MatMul", n.name, {a, b}, n.outputs, {}, {}};
    return;
  }
  ValueId product = add_preceding(c, "MatMul", {a, b});
  if (!has_input(n, 2)) {
    product = scaled(c, product, get_float(n, "alpha"));
    c.node = Node{"Identity", n.name, {product}, n.outputs, {}, {}};
    return;
  }
  if (!scale_b) product = scaled(c, product, get_float(n, "alpha"));
  c.node = Node{"Add", n.name, {product, scaled(c, n.inputs[2], get_float(n, "beta"))}, n.outputs, {}, {}};
}

void canonicalise_gemm(Canonicaliser& c) {
  set_default(c.node, "alpha", 1.0f);
  set_default(c.node, "beta", 1.0f);
  set_default<int64_t>(c.node, "transA", 0);
  set_default<int64_t>(c.node, "transB", 0);
  c.node.attributes.erase("broadcast");  // of opset 6
  check_gemm(c.graph, c.node);
  if (!is_dense(c, gemm_shape(c.graph, c.node).n)) compose_gemm(c);
}

void infer_gemm(Graph& g, Node& n) {
  check_gemm(g, n);
  GemmShape s = gemm_shape(g, n);
  set_output(g, n, 0, DType::kFloat32, {s.m, s.n});
}

void eval_gemm(Evaluation& e) {
  GemmShape s = gemm_shape(e.graph, e.node);
  bool ta = get_int(e.node, "transA") != 0, tb = get_int(e.node, "transB") != 0;
  double alpha = get_float(e.node, "alpha"), beta = get_float(e.node, "beta");
  auto a = e.in[0]->as<float>(), b = e.in[1]->as<float>();
  auto at = [](int64_t i) { return static_cast<size_t>(i); };
  for_each_index({s.m, s.n}, [&](const Shape& index) {
    int64_t row = index[0], column = index[1];
    double sum = 0;
    for (int64_t k = 0; k < s.k_a; k++)
      sum += double(a[at(ta ? k * s.m + row : row * s.k_a + k)]) * double(b[at(tb ? column * s.k_a + k : k * s.n + column)]);
    double c = 0;
    if (e.in.size() > 2 && e.in[2])
      c = e.in[2]->as<float>()[at(broadcast_offset(index, e.in[2]->shape))];
    e.out[0].as<float>()[at(row * s.n + column)] = static_cast<float>(alpha * sum + beta * c);
  });
}

struct MatMulShape {
  Shape a, b, batch, out;  // a and b with at least two dimensions
};

MatMulShape matmul_shape(const Graph& g, const Node& n) {
  MatMulShape s{shape_of(g, n, 0), shape_of(g, n, 1), {}, {}};
  if (s.a.empty() || s.b.empty()) mismatch(n, "an input is a scalar");
  bool vector_a = s.a.size() == 1, vector_b = s.b.size() == 1;
  if (vector_a) s.a.insert(s.a.begin(), 1);
  if (vector_b) s.b.push_back(1);
  if (s.a.back() != s.b[s.b.size() - 2])
    mismatch(n, fmt::format("{} and {} do not multiply: {} columns against {} rows", to_string(shape_of(g, n, 0)),
                            to_string(shape_of(g, n, 1)), s.a.back(), s.b[s.b.size() - 2]));
  s.batch = broadcast(n, {s.a.begin(), s.a.end() - 2}, {s.b.begin(), s.b.end() - 2});
  s.out = s.batch;
  if (!vector_a) s.out.push_back(s.a[s.a.size() - 2]);
  if (!vector_b) s.out.push_back(s.b.back());
  return s;
}

void infer_matmul(Graph& g, Node& n) {
  for (size_t i : {0u, 1u}) require_type(g, n, i, {DType::kFloat32});
  set_output(g, n, 0, DType::kFloat32, matmul_shape(g, n).out);
}

Tensor matmul_sums(const Evaluation& e) {
  MatMulShape s = matmul_shape(e.graph, e.node);
  int64_t rows = s.a[s.a.size() - 2], inner = s.a.back(), columns = s.b.back();
  auto a = e.in[0]->as<double>(), b = e.in[1]->as<double>();
  Tensor result(DType::kFloat64, s.out);
  auto out = result.as<double>();
  size_t next = 0;
  for_each_index(s.batch, [&](const Shape& batch) {
    int64_t base_a = broadcast_offset(batch, {s.a.begin(), s.a.end() - 2}) * rows * inner;
    int64_t base_b = broadcast_offset(batch, {s.b.begin(), s.b.end() - 2}) * inner * columns;
    for (int64_t r = 0; r < rows; r++)
      for (int64_t c = 0; c < columns; c++) {
        double sum = 0;
        for (int64_t k = 0; k < inner; k++)
          sum += a[static_cast<size_t>(base_a + r * inner + k)] * b[static_cast<size_t>(base_b + k * columns + c)];
        out[next++] = sum;
      }
  });
  return result;
}

// One batch dimension of the product; the steps are in floats, 0 where an operand is broadcast.
struct BatchLoop {
  int64_t count, a_step, b_step;
};

std::vector<BatchLoop> batch_loops(const MatMulShape& s) {
  std::vector<BatchLoop> loops;
  auto step = [](const Shape& shape, size_t from_last) {
    size_t d = shape.size() - 3 - from_last;
    return shape.size() < 3 + from_last || shape[d] == 1 ? 0 : span_count(shape, d + 1, shape.size());
  };
  for (size_t i = s.batch.size(); i-- > 0;) {
    if (s.batch[s.batch.size() - 1 - i] == 1) continue;
    BatchLoop loop{s.batch[s.batch.size() - 1 - i], step(s.a, i), step(s.b, i)};
    bool joins = !loops.empty() && loops.back().a_step == loop.a_step * loop.count &&
                 loops.back().b_step == loop.b_step * loop.count;
    if (joins) loop.count *= loops.back().count, loops.pop_back();
    loops.push_back(loop);
  }
  return loops;
}

// What matmul_s8 needs beside the shapes.
void add_integer_product(const Graph& g, const Node& n, Call& call) {
  const Value& out = g[n.outputs[0]];
  for (auto& [name, v] : {std::pair{"A", n.inputs[0]}, std::pair{"B", n.inputs[1]}, std::pair{"out_t", n.outputs[0]}})
    call.parameters.push_back(type_name(name, g[v].type));
  call.parameters.push_back({"a_zero", int64_t{g[n.inputs[0]].quantization->zero_points[0]}});
  call.parameters.push_back({"b_zero", int64_t{g[n.inputs[1]].quantization->zero_points[0]}});
  if (!is_quantised(out)) return call.parameters.push_back({"scale", static_cast<float>(sum_scales(g, n)[0])});
  Requantisation r = sum_requantisation(g, n);
  call.parameters.push_back({"multiplier", int64_t{r.multipliers[0]}});
  for (Parameter& p : requantise_parameters(r)) call.parameters.push_back(std::move(p));
}

// Batches, m, k, n and where the operands lie.
void add_matmul_shape(Lowering& l, const Node& n, Call& call) {
  MatMulShape s = matmul_shape(l.graph, n);
  int64_t m = s.a[s.a.size() - 2], k = s.a.back(), columns = s.b.back();
  std::vector<BatchLoop> loops = batch_loops(s);
  // Matrices under each other that meet the same right side are one tall matrix.
  if (!loops.empty() && loops.back().b_step == 0 && loops.back().a_step == m * k) {
    m *= loops.back().count;
    loops.pop_back();
  }
  if (loops.size() > 4) refuse(n, "more than four batch dimensions that do not join");
  loops.insert(loops.begin(), 4 - loops.size(), BatchLoop{1, 0, 0});
  call.macs = count_of(s.batch) * s.a[s.a.size() - 2] * k * columns;
  for (size_t i = 0; i < 4; i++) {
    call.parameters.push_back({fmt::format("batch_{}", i), loops[i].count});
    call.parameters.push_back({fmt::format("a_stride_{}", i), loops[i].a_step});
    call.parameters.push_back({fmt::format("b_stride_{}", i), loops[i].b_step});
  }
  call.parameters.insert(call.parameters.end(), {{"m", m}, {"k", k}, {"n", columns},
                                                 {"a_rom", constant_of(l.graph, n.inputs[0]) != nullptr},
                                                 {"b_rom", constant_of(l.graph, n.inputs[1]) != nullptr}});
}

void lower_matmul(Lowering& l, const Node& n) {
  bool integers = is_integer_node(l.graph, n);
  Call call = !integers ? make_call(n, "matmul_f32", "matmul_f32.hpp")
                        : make_call(n, has_wide_products(l.graph, n) ? "matmul_s16" : "matmul_s8", "matmul_s8.hpp");
  add_matmul_shape(l, n, call);
  if (!integers || !is_quantised(l.graph[n.outputs[0]])) call.parameters.push_back(activation_parameter(n));
  if (integers) add_integer_product(l.graph, n, call);
  call.arguments = {read(buffer_of(l, n.inputs[0])), read(buffer_of(l, n.inputs[1])), write(buffer_of(l, n.outputs[0]))};
  l.program.calls.push_back(std::move(call));
}

// --- MatMulInteger ---

OffsetOperand left_side(const Graph& g, const Node& n) { return {0, 2, rank_of(g, n, 0) == 2 ? 0 : -1}; }
OffsetOperand right_side(const Graph& g, const Node& n) { return {1, 3, rank_of(g, n, 1) - 1}; }

void canonicalise_matmul_integer(Canonicaliser& c) {
  canonicalise_offset(c, left_side(c.graph, c.node));
  canonicalise_offset(c, right_side(c.graph, c.node));
}

void infer_matmul_integer(Graph& g, Node& n) {
  for (const OffsetOperand& o : {left_side(g, n), right_side(g, n)}) require_offset_types(g, n, o);
  MatMulShape s = matmul_shape(g, n);
  require_int32_sums(n, s.a.back());
  set_output(g, n, 0, DType::kInt32, s.out);
}

void eval_matmul_integer(Evaluation& e) {
  Tensor a = distances(e, left_side(e.graph, e.node)), b = distances(e, right_side(e.graph, e.node));
  Tensor sums = matmul_sums(Evaluation{e.graph, e.node, {&a, &b}, {}});
  std::transform(sums.as<double>().begin(), sums.as<double>().end(), e.out[0].as<int32_t>().begin(),
                 [](double sum) { return static_cast<int32_t>(sum); });
}

// A constant right side lies transposed: a sum reads neighbours.
void lower_matmul_integer(Lowering& l, const Node& n) {
  const Value &a = l.graph[n.inputs[0]], &b = l.graph[n.inputs[1]];
  int64_t k = a.shape.back(), columns = b.shape.back();
  Call call = make_call(n, "matmul_integer", "integer_products.hpp");
  add_matmul_shape(l, n, call);
  bool transposed = b.constant && b.shape.size() == 2;
  BufferId right = transposed ? add_weights(l, b.name, permuted(*b.constant, Permutation{1, 0})) : buffer_of(l, n.inputs[1]);
  for (Parameter& p : std::vector<Parameter>{type_name("A", a.type), type_name("B", b.type),
                                             {"b_k_step", transposed ? 1 : b.shape.size() < 2 ? 1 : columns}, {"b_n_step", transposed ? k : 1}})
    call.parameters.push_back(std::move(p));
  call.arguments = {read(buffer_of(l, n.inputs[0])), read(right)};
  call.arguments.push_back(offset_argument(l, n, left_side(l.graph, n), "a", call));
  Argument zeros = offset_argument(l, n, right_side(l.graph, n), "b", call);
  call.arguments.push_back(has_input(n, 3) ? zeros : read(right));
  call.arguments.push_back(write(buffer_of(l, n.outputs[0])));
  l.program.calls.push_back(std::move(call));
}

void infer_dense(Graph& g, Node& n) {
  Shape out = shape_of(g, n, 0);
  out.back() = shape_of(g, n, 1)[0];
  set_output(g, n, 0, DType::kFloat32, out);
}

Tensor dense_sums(const Evaluation& e) {
  size_t inner = static_cast<size_t>(e.in[1]->shape[1]), columns = static_cast<size_t>(e.in[1]->shape[0]);
  auto in = e.in[0]->as<double>(), weights = e.in[1]->as<double>();
  Tensor result(DType::kFloat64, e.graph[e.node.outputs[0]].shape);
  auto out = result.as<double>();
  for (size_t i = 0; i < out.size(); i++) {
    size_t row = i / columns, column = i % columns;
    double sum = e.in.size() > 2 ? e.in[2]->as<double>()[column] : 0;
    for (size_t k = 0; k < inner; k++) sum += in[row * inner + k] * weights[column * inner + k];
    out[i] = sum;
  }
  return result;
}

void lower_dense(Lowering& l, const Node& n) {
  const Tensor& weights = *l.graph[n.inputs[1]].constant;
  int64_t out_c = weights.shape[0], in_c = weights.shape[1];
  int64_t batch = count_of(l.graph[n.inputs[0]].shape) / in_c;
  std::vector<float> packed = pack_dense(weights.as<float>(), out_c, in_c);
  Call call = make_call(n, "dense_f32", "dense_f32.hpp");
  call.parameters = {{"batch", batch}, {"in_c", in_c}, {"out_c", out_c}, {"has_bias", has_input(n, 2)},
                     activation_parameter(n)};
  BufferId w = add_weights(l, l.graph[n.inputs[1]].name, make_tensor<float>({out_c * in_c}, packed));
  BufferId b = has_input(n, 2) ? buffer_of(l, n.inputs[2]) : w;  // the kernel ignores it without has_bias
  call.arguments = {read(buffer_of(l, n.inputs[0])), read(w), read(b), write(buffer_of(l, n.outputs[0]))};
  call.macs = batch * in_c * out_c;
  l.program.calls.push_back(std::move(call));
}

constexpr Op kOps[] = {
    {.name = "Gemm", .min_inputs = 2, .max_inputs = 3, .canonicalise = canonicalise_gemm, .infer = infer_gemm,
     .eval = eval_gemm, .quantisation = QuantRule::kWeighted, .limits = "Float32 only."},
    {.name = "MatMul", .min_inputs = 2, .max_inputs = 2, .infer = infer_matmul, .eval = eval_sums,
     .lower = lower_matmul, .quantisation = QuantRule::kWeighted, .integer = IntegerForm::kLinear, .sums = matmul_sums, .limits = "Float32 only."},
    {.name = "MatMulInteger", .min_inputs = 2, .max_inputs = 4, .canonicalise = canonicalise_matmul_integer,
     .infer = infer_matmul_integer, .eval = eval_matmul_integer, .lower = lower_matmul_integer,
     .limits = "Zero points for each row only of matrices; sums of at most 33025 products."},
    {.name = "Dense", .domain = "netsuke", .min_inputs = 2, .max_inputs = 3, .infer = infer_dense, .eval = eval_sums,
     .lower = lower_dense, .quantisation = QuantRule::kWeighted, .integer = IntegerForm::kLinear, .sums = dense_sums, .lower_integer = lower_integer_dense},
};

}  // namespace

std::span<const Op> gemm_ops() { return kOps; }

}  // namespace netsuke
