// Windows that slide over feature maps: what convolutions and pools share.
#pragma once

#include "lower/lowering.hpp"
#include "ops/op.hpp"

namespace netsuke {

// Attributes of a canonical windowed node, one entry for each spatial dimension.
struct Window {
  std::vector<int64_t> kernel, strides, dilations;
  std::vector<int64_t> pads_begin, pads_end;  // >= 0
  size_t rank() const { return kernel.size(); }
};
Window window_of(const Node& n);

// Gives the node kernel_shape, strides, dilations and pads, complete; auto_pad becomes pads. `spatial` are
// the input's spatial dimensions. Throws "shape-mismatch" where lengths or ranges are wrong.
void canonicalise_window(Canonicaliser& c, const Shape& spatial, const Shape& kernel);

// Throws "op-unsupported" unless input 0 has one or two spatial dimensions.
void require_map(const Graph& g, const Node& n);

// Spatial dimensions of the output. Rounds up instead of down with `ceil_mode`, but leaves out windows
// that would start behind the input and its padding at the beginning.
Shape window_output(const Node& n, const Window& w, const Shape& spatial, bool ceil_mode);

// --- lowering; one spatial dimension is lowered as a width, with a height of 1 ---

// A channels-last feature map of rank 3 or 4.
struct Plane {
  int64_t batch, h, w, c;
};
Plane plane_of(const Shape& channels_last);

struct Window2d {
  int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left, pad_bottom, pad_right;
};
Window2d window2d(const Window& w);

// batch, in_h ... dilation_w, as runtime-stub/netsuke/conv2d_f32.hpp names them, without out_c and pad_bottom.
std::vector<Parameter> window_parameters(const Plane& in, const Plane& out, const Window2d& w);
// The rule of a windowed operator. One spatial dimension streams: its elements are the rows.
RowRule row_rule(const Plane& in, const Plane& out, const Window2d& w);

}  // namespace netsuke
