#include "quantize/layer.hpp"

#include "ops/window.hpp"

namespace netsuke {
namespace {

// The window of a Conv at output position `at`, of the group's channels, as they lie in the weights.
void fill_patch(const Tensor& in, const Window2d& w, int64_t first_channel, int64_t channels, int64_t sample, int64_t y, int64_t x,
                Eigen::Ref<Eigen::RowVectorXd> row) {
  int64_t in_h = in.shape.size() == 3 ? 1 : in.shape[2], in_w = in.shape.back();
  const float* base = in.as<float>().data();
  Eigen::Index next = 0;
  for (int64_t c = 0; c < channels; c++)
    for (int64_t ky = 0; ky < w.kernel_h; ky++)
      for (int64_t kx = 0; kx < w.kernel_w; kx++) {
        int64_t iy = y * w.stride_h - w.pad_top + ky * w.dilation_h, ix = x * w.stride_w - w.pad_left + kx * w.dilation_w;
        bool inside = iy >= 0 && iy < in_h && ix >= 0 && ix < in_w;
        row[next++] = inside ? static_cast<double>(base[((sample * in.shape[1] + first_channel + c) * in_h + iy) * in_w + ix]) : 0.0;
      }
}

// Positions phase, phase + step, ... below count, at most `most` of them.
std::vector<int64_t> spread(int64_t count, int64_t most, size_t phase) {
  int64_t step = std::max<int64_t>((count + most - 1) / most, 1);
  std::vector<int64_t> positions;
  for (int64_t p = static_cast<int64_t>(phase) % step; p < count; p += step) positions.push_back(p);
  return positions;
}

Matrix conv_inputs(const Graph& g, const Node& n, const Tensor& in, int64_t group, const LayerShape& s, int64_t most, size_t phase) {
  const Shape& out = g[n.outputs[0]].shape;
  int64_t out_h = out.size() == 3 ? 1 : out[2], out_w = out.back(), channels = in.shape[1] / s.groups;
  Window2d w = window2d(window_of(n));
  std::vector<int64_t> positions = spread(out[0] * out_h * out_w, most, phase);
  Matrix x(static_cast<Eigen::Index>(positions.size()), s.columns);
  Eigen::RowVectorXd row(s.columns);
  for (size_t i = 0; i < positions.size(); i++) {
    int64_t p = positions[i];
    fill_patch(in, w, group * channels, channels, p / (out_h * out_w), p / out_w % out_h, p % out_w, row);
    x.row(static_cast<Eigen::Index>(i)) = row;
  }
  return x;
}

}  // namespace

bool has_matrix_form(const Node& n) { return n.op == "Conv" || n.op == "Dense"; }

LayerShape layer_shape(const Graph& g, const Node& n) {
  const Shape& w = g[n.inputs[1]].shape;
  int64_t groups = n.op == "Conv" ? get_int(n, "group") : 1;
  return {groups, w[0] / groups, count_of(w) / w[0]};
}

Matrix layer_inputs(const Graph& g, const Node& n, const Tensor& in, int64_t group, int64_t most, size_t phase) {
  LayerShape s = layer_shape(g, n);
  if (n.op == "Conv") return conv_inputs(g, n, in, group, s, most, phase);
  std::vector<int64_t> positions = spread(in.count() / s.columns, most, phase);
  Matrix x(static_cast<Eigen::Index>(positions.size()), s.columns);
  for (size_t i = 0; i < positions.size(); i++)
    for (int64_t k = 0; k < s.columns; k++)
      x(static_cast<Eigen::Index>(i), k) = static_cast<double>(in.as<float>()[static_cast<size_t>(positions[i] * s.columns + k)]);
  return x;
}

int64_t channel_axis(const Node& n) { return n.op == "ConvTranspose" ? 1 : 0; }

}  // namespace netsuke
