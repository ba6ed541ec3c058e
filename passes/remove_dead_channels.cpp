// y = Conv(x, W, b), filter 3 of W zero; z = Conv(Relu(y), V, a)
//    →   y' = Conv(x, W without filter 3); z = Conv(Relu(y'), V without column 3, a + relu(b[3]) sum V[:, 3])
//
// Removes the channels that are the same number for every input of the model, and those that every reader
// multiplies by zero, with all filters and columns they belong to, until none is left. channels.hpp says
// what is known of a channel. Which can go:
//   - A reader with weights absorbs a constant into its bias. Where it pads, only the constant 0: any other
//     number is missing from the sum at the border.
//   - A depthwise convolution, pool, function or addition passes the channel on: it goes only if the channel
//     behind it can go too, on every branch.
//   - Outputs of the graph, and readers that this file does not know, keep what they read.
// Weights below kZeroWeight of the layer's largest count as zero.
//
// Needs final weights (run it after fuse-batch-norm) and channels first (before to-nhwc). Keeps results:
// exact where the constant is 0, to the rounding of one bias otherwise.
#include <algorithm>

#include "graph/quantization.hpp"
#include "ops/helpers.hpp"
#include "passes/channels.hpp"
#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

struct Removal {
  Cells cells;
  std::vector<bool> removable;  // by cell

  bool goes(const ChannelRange& r, int64_t channel) const { return removable[r.first + static_cast<size_t>(channel)]; }
};

// The channels of a value that stay, or all `count` of a value without cells.
std::vector<int64_t> staying(const Removal& r, ValueId v, int64_t count) {
  const ChannelRange& range = r.cells.range(v);
  std::vector<int64_t> channels;
  for (int64_t c = 0; c < count; c++)
    if (range.axis < 0 || !r.goes(range, c)) channels.push_back(c);
  return channels;
}

// The given indices of one dimension.
Tensor take(const Tensor& t, size_t axis, const std::vector<int64_t>& indices) {
  Shape shape = t.shape;
  shape[axis] = static_cast<int64_t>(indices.size());
  Tensor result(t.type, shape);
  auto outer = static_cast<size_t>(count_of({t.shape.begin(), t.shape.begin() + static_cast<std::ptrdiff_t>(axis)}));
  size_t block = outer == 0 ? 0 : t.bytes.size() / outer / static_cast<size_t>(t.shape[axis]);
  auto to = result.bytes.begin();
  for (size_t o = 0; o < outer; o++)
    for (int64_t i : indices) {
      auto from = t.bytes.begin() +
                  static_cast<std::ptrdiff_t>((o * static_cast<size_t>(t.shape[axis]) + static_cast<size_t>(i)) * block);
      to = std::copy(from, from + static_cast<std::ptrdiff_t>(block), to);
    }
  return result;
}

void take_input(Graph& g, Node& n, size_t input, size_t axis, const std::vector<int64_t>& indices) {
  const Value& v = g[n.inputs[input]];
  if (static_cast<size_t>(v.shape[axis]) == indices.size()) return;
  std::optional<Quantization> grid = v.quantization;
  if (grid) grid = taken(*grid, axis, indices);
  n.inputs[input] = add_constant(g, v.name, take(*v.constant, axis, indices), std::move(grid));
}

// The bias with what the removed constant input channels add to every output.
void absorb_constants(Graph& g, Node& n, const Removal& r) {
  const ChannelRange& in = r.cells.range(n.inputs[0]);
  if (in.axis < 0) return;
  WeightSums w = sum_weights(g, n);
  std::vector<double> bias = bias_of(g, n, w.out);
  bool changed = false;
  for (int64_t i = 0; i < in.count; i++) {
    std::optional<float> c = r.cells.constant[in.first + static_cast<size_t>(i)];
    // Without all taps the column is zero, or the channel could not go.
    if (!r.goes(in, i) || !c || *c == 0 || !sees_all_taps(n)) continue;
    for (int64_t o = 0; o < w.out; o++) bias[static_cast<size_t>(o)] += double(*c) * w.sum[w.at(o, i)];
    changed = true;
  }
  if (!changed) return;
  std::string name = has_input(n, 2) ? g[n.inputs[2]].name : g[n.inputs[1]].name + "_bias";
  n.inputs.resize(3, kNoValue);
  n.inputs[2] = add_floats(g, name, {w.out}, bias);
}

void shrink_weighted(Graph& g, Node& n, const Removal& r) {
  bool transposed = n.op == "ConvTranspose", depthwise = is_depthwise(g, n);
  if (!depthwise && !mixes_channels(g, n)) return;
  if (!depthwise) absorb_constants(g, n, r);
  int64_t group = depthwise ? get_int(n, "group") : 1;
  const Shape weights = g[n.inputs[1]].shape;
  auto in = staying(r, n.inputs[0], depthwise ? group : weights[transposed ? 0 : 1]);
  auto out = staying(r, n.outputs[0], weights[transposed ? 1 : 0]);
  take_input(g, n, 1, transposed ? 1 : 0, out);
  if (!depthwise) take_input(g, n, 1, transposed ? 0 : 1, in);
  if (has_input(n, 2)) take_input(g, n, 2, 0, out);
  if (depthwise) n.attributes["group"] = static_cast<int64_t>(in.size());
}

void shrink_operands(Graph& g, Node& n, const Removal& r) {
  const ChannelRange& out = r.cells.range(n.outputs[0]);
  if (out.axis < 0) return;
  for (size_t i = 0; i < 2; i++) {
    int64_t axis = out.axis - static_cast<int64_t>(g[n.outputs[0]].shape.size() - g[n.inputs[i]].shape.size());
    if (!g[n.inputs[i]].constant || axis < 0 || g[n.inputs[i]].shape[static_cast<size_t>(axis)] == 1) continue;
    take_input(g, n, i, static_cast<size_t>(axis), staying(r, n.outputs[0], out.count));
  }
}

void shrink(Graph& g, Node& n, const Removal& r) {
  if (n.op == "Conv" || n.op == "ConvTranspose" || n.op == "Dense") return shrink_weighted(g, n, r);
  if (is_binary(n)) return shrink_operands(g, n, r);
  const ChannelRange& out = n.outputs[0] == kNoValue ? ChannelRange{} : r.cells.range(n.outputs[0]);
  if (out.axis < 0) return;
  auto channels = staying(r, n.outputs[0], out.count);
  if (n.op == "BatchNormalization")
    for (size_t i = 1; i < n.inputs.size(); i++) take_input(g, n, i, 0, channels);
  if (n.op == "Reshape") {
    Shape shape = get_ints(n, "shape");
    shape[static_cast<size_t>(out.axis)] = static_cast<int64_t>(channels.size());
    n.attributes["shape"] = std::move(shape);
  }
}

// One round; what it removes may free more.
bool remove_once(Graph& g) {
  Removal r{find_cells(g), {}};
  r.removable = removable_cells(r.cells);
  if (std::none_of(r.removable.begin(), r.removable.end(), [](bool b) { return b; })) return false;
  for (Node& n : g.nodes) shrink(g, n, r);
  for (Node& n : g.nodes) {
    op_of(n).infer(g, n);
    const ChannelRange range = r.cells.range(n.outputs[0]);
    if (range.axis < 0) continue;
    auto left = static_cast<int64_t>(staying(r, n.outputs[0], range.count).size());
    NETSUKE_CHECK(g[n.outputs[0]].shape[static_cast<size_t>(range.axis)] == left, "channels of '{}'", n.name);
  }
  return true;
}

}  // namespace

bool remove_dead_channels(Graph& g, const PassOptions&) {
  bool changed = false;
  while (remove_once(g)) changed = true;
  return changed;
}

}  // namespace netsuke
