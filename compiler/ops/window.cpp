#include "ops/window.hpp"

#include <algorithm>

#include "ops/helpers.hpp"

namespace netsuke {
namespace {

void default_ints(Node& n, const std::string& key, size_t count, int64_t value, int64_t minimum) {
  set_default(n, key, std::vector<int64_t>(count, value));
  const std::vector<int64_t>& values = get_ints(n, key);
  if (values.size() != count)
    mismatch(n, fmt::format("{} has {} values, expected {}", key, values.size(), count));
  for (int64_t v : values)
    if (v < minimum || v > kMaxElements) mismatch(n, fmt::format("{} {} is out of range", key, to_string(values)));
}

int64_t extent(const Window& w, size_t i) { return (w.kernel[i] - 1) * w.dilations[i] + 1; }

// SAME: as many outputs as ceil(input / stride); the odd element of padding goes to the end (UPPER) or to
// the beginning (LOWER).
std::vector<int64_t> same_pads(const Window& w, const Shape& spatial, bool upper) {
  std::vector<int64_t> pads(2 * w.rank());
  for (size_t i = 0; i < w.rank(); i++) {
    int64_t out = (spatial[i] + w.strides[i] - 1) / w.strides[i];
    int64_t total = std::max<int64_t>((out - 1) * w.strides[i] + extent(w, i) - spatial[i], 0);
    pads[i] = upper ? total / 2 : (total + 1) / 2;
    pads[w.rank() + i] = total - pads[i];
  }
  return pads;
}

}  // namespace

Window window_of(const Node& n) {
  const std::vector<int64_t>& pads = get_ints(n, "pads");
  auto middle = pads.begin() + static_cast<std::ptrdiff_t>(pads.size() / 2);
  return {get_ints(n, "kernel_shape"), get_ints(n, "strides"), get_ints(n, "dilations"),
          {pads.begin(), middle}, {middle, pads.end()}};
}

void require_map(const Graph& g, const Node& n) {
  size_t rank = shape_of(g, n, 0).size();
  if (rank < 3) mismatch(n, fmt::format("input {} has no spatial dimensions", to_string(shape_of(g, n, 0))));
  if (rank > 4) refuse(n, fmt::format("its input {} has {} spatial dimensions", to_string(shape_of(g, n, 0)), rank - 2));
}

void canonicalise_window(Canonicaliser& c, const Shape& spatial, const Shape& kernel) {
  Node& n = c.node;
  size_t rank = spatial.size();
  n.attributes["kernel_shape"] = kernel;
  default_ints(n, "kernel_shape", rank, 1, 1);
  default_ints(n, "strides", rank, 1, 1);
  default_ints(n, "dilations", rank, 1, 1);
  set_default(n, "auto_pad", std::string("NOTSET"));
  const std::string auto_pad = get_string(n, "auto_pad");
  n.attributes.erase("auto_pad");
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER" || auto_pad == "VALID")
    n.attributes["pads"] = std::vector<int64_t>(2 * rank, 0);
  else if (auto_pad != "NOTSET" && !auto_pad.empty())
    mismatch(n, fmt::format("auto_pad is '{}'", auto_pad), "use NOTSET, SAME_UPPER, SAME_LOWER or VALID");
  default_ints(n, "pads", 2 * rank, 0, 0);
  if (auto_pad.starts_with("SAME"))
    n.attributes["pads"] = same_pads(window_of(n), spatial, auto_pad == "SAME_UPPER");
}

Shape window_output(const Node& n, const Window& w, const Shape& spatial, bool ceil_mode) {
  Shape out;
  for (size_t i = 0; i < w.rank(); i++) {
    int64_t slack = spatial[i] + w.pads_begin[i] + w.pads_end[i] - extent(w, i);
    if (slack < 0)
      mismatch(n, fmt::format("a window of {} does not fit into {} elements padded by {} and {}", extent(w, i),
                              spatial[i], w.pads_begin[i], w.pads_end[i]));
    int64_t steps = (slack + (ceil_mode ? w.strides[i] - 1 : 0)) / w.strides[i];
    if (ceil_mode && steps > 0 && steps * w.strides[i] >= spatial[i] + w.pads_begin[i]) steps--;
    out.push_back(steps + 1);
  }
  return out;
}

Plane plane_of(const Shape& s) {
  NETSUKE_CHECK(s.size() == 3 || s.size() == 4, "{} is no feature map", to_string(s));
  return s.size() == 3 ? Plane{s[0], 1, s[1], s[2]} : Plane{s[0], s[1], s[2], s[3]};
}

Window2d window2d(const Window& w) {
  size_t x = w.rank() - 1;
  bool flat = w.rank() == 1;
  return {flat ? 1 : w.kernel[0],     w.kernel[x],     flat ? 1 : w.strides[0],    w.strides[x],
          flat ? 1 : w.dilations[0],  w.dilations[x],  flat ? 0 : w.pads_begin[0], w.pads_begin[x],
          flat ? 0 : w.pads_end[0],   w.pads_end[x]};
}

std::vector<Parameter> window_parameters(const Plane& in, const Plane& out, const Window2d& w) {
  return {{"batch", in.batch},           {"in_h", in.h},           {"in_w", in.w},
          {"in_c", in.c},                {"out_h", out.h},         {"out_w", out.w},
          {"kernel_h", w.kernel_h},      {"kernel_w", w.kernel_w}, {"stride_h", w.stride_h},
          {"stride_w", w.stride_w},      {"pad_top", w.pad_top},   {"pad_left", w.pad_left},
          {"dilation_h", w.dilation_h},  {"dilation_w", w.dilation_w}};
}

RowRule row_rule(const Plane& in, const Plane& out, const Window2d& w) {
  if (in.h != 1 || out.h != 1 || w.kernel_h != 1)
    return {in.h, out.h, w.kernel_h, w.stride_h, w.pad_top, w.dilation_h};
  RowRule rule{in.w, out.w, w.kernel_w, w.stride_w, w.pad_left, w.dilation_w};
  rule.turned = true;
  return rule;
}

}  // namespace netsuke
