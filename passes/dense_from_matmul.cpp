// MatMul(x, W) [+ b], Gemm(x, W, b), W and b constant   →   Dense(x, Wᵀ, b)
//
// Dense has weights [out, in] and an optional bias [out]; alpha, beta and transB of Gemm go into them.
// Needs W of rank 2. Gemm with transA or a run-time W or C stays as it is.
#include <numeric>

#include "graph/quantization.hpp"
#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

bool is_matrix_constant(const Graph& g, ValueId v) {
  const Tensor* t = constant_of(g, v);
  return t && t->shape.size() == 2 && t->type == DType::kFloat32;
}

// [in, out] or, transposed, [out, in]  →  [out, in] times `scale`.
Tensor dense_weights(const Tensor& w, bool transposed, float scale) {
  int64_t out = w.shape[transposed ? 0 : 1], in = w.shape[transposed ? 1 : 0];
  Tensor result(DType::kFloat32, {out, in});
  for (int64_t o = 0; o < out; o++)
    for (int64_t i = 0; i < in; i++)
      result.as<float>()[static_cast<size_t>(o * in + i)] =
          scale * w.as<float>()[static_cast<size_t>(transposed ? o * in + i : i * out + o)];
  return result;
}

// The grid of dense_weights().
std::optional<Quantization> dense_grid(const Value& w, bool transposed, float scale) {
  if (!w.quantization) return std::nullopt;
  Quantization q = *w.quantization;
  for (float& s : q.scales) s *= scale;
  if (q.axis >= 0 && !transposed) q.axis = 1 - q.axis;
  return q;
}

// A bias that is one value for each column: [out], [1, out], [1] or a scalar. Empty when it is not.
std::vector<float> column_bias(const Tensor* c, int64_t out, float scale) {
  if (!c || c->type != DType::kFloat32) return {};
  if (c->count() != out && c->count() != 1) return {};
  if (c->count() == out && !c->shape.empty() && c->shape.back() != out) return {};
  std::vector<float> bias(static_cast<size_t>(out));
  for (size_t i = 0; i < bias.size(); i++) bias[i] = scale * c->as<float>()[c->count() == 1 ? 0 : i];
  return bias;
}

bool rewrite_gemm(Graph& g, Node& n) {
  if (n.op != "Gemm" || get_int(n, "transA") != 0 || !is_matrix_constant(g, n.inputs[1])) return false;
  Tensor weights = dense_weights(*g[n.inputs[1]].constant, get_int(n, "transB") != 0, get_float(n, "alpha"));
  std::vector<ValueId> inputs{n.inputs[0], kNoValue};
  if (has_input(n, 2)) {
    std::vector<float> bias = column_bias(constant_of(g, n.inputs[2]), weights.shape[0], get_float(n, "beta"));
    if (bias.empty()) return false;
    Shape shape{weights.shape[0]};
    inputs.push_back(add_constant(g, g[n.inputs[2]].name, make_tensor<float>(shape, bias)));
  }
  inputs[1] = add_constant(g, g[n.inputs[1]].name, std::move(weights),
                           dense_grid(g[n.inputs[1]], get_int(n, "transB") != 0, get_float(n, "alpha")));
  n = Node{"Dense", n.name, std::move(inputs), n.outputs, {}, n.activations};
  return true;
}

bool rewrite_matmul(Graph& g, Node& n) {
  if (n.op != "MatMul" || !is_matrix_constant(g, n.inputs[1])) return false;
  ValueId weights = add_constant(g, g[n.inputs[1]].name, dense_weights(*g[n.inputs[1]].constant, false, 1),
                                 dense_grid(g[n.inputs[1]], false, 1));
  n = Node{"Dense", n.name, {n.inputs[0], weights}, n.outputs, {}, n.activations};
  return true;
}

// Dense(x, W) + b  →  Dense(x, W, b). The dense takes the place of the Add.
bool absorb_bias(Graph& g, const Links& links, Node& add) {
  if (add.op != "Add") return false;
  for (size_t i : {0u, 1u}) {
    int p = links.producer[static_cast<size_t>(add.inputs[i])];
    if (p < 0) continue;
    Node& dense = g.nodes[static_cast<size_t>(p)];
    if (dense.op != "Dense" || has_input(dense, 2) || !dense.activations.empty() || !has_one_reader(links, dense.outputs[0]) ||
        g[dense.outputs[0]].shape != g[add.outputs[0]].shape)
      continue;
    ValueId other = add.inputs[1 - i];
    std::vector<float> bias = column_bias(constant_of(g, other), g[dense.inputs[1]].shape[0], 1);
    if (bias.empty()) continue;
    Shape shape{static_cast<int64_t>(bias.size())};
    ValueId b = add_constant(g, g[other].name, make_tensor<float>(shape, bias));
    add = Node{"Dense", dense.name, {dense.inputs[0], dense.inputs[1], b}, add.outputs, {}, add.activations};
    return true;
  }
  return false;
}

}  // namespace

bool dense_from_matmul(Graph& g, const PassOptions& options) {
  bool changed = false;
  for (Node& n : g.nodes) changed |= rewrite_gemm(g, n) || rewrite_matmul(g, n);
  Links links = link(g);
  for (Node& n : g.nodes) changed |= absorb_bias(g, links, n);
  return remove_dead_code(g, options) || changed;
}

}  // namespace netsuke
