// DepthToSpace and SpaceToDepth become reshapes and transposes, channels last, so that those around a
// convolution cancel and one transpose is left.
#include "ops/helpers.hpp"
#include "ops/layout.hpp"

namespace netsuke {
namespace {

constexpr std::string_view kLimits = "Rank 4; the block must divide the channels or the map.";

int64_t block_of(const Canonicaliser& c) {
  const Node& n = c.node;
  if (rank_of(c.graph, n, 0) != 4) refuse(n, fmt::format("its input is {}", to_string(shape_of(c.graph, n, 0))));
  if (!has_attribute(n, "blocksize") || get_int(n, "blocksize") < 1 || get_int(n, "blocksize") > 65535)
    mismatch(n, "blocksize is missing or out of range");
  return get_int(n, "blocksize");
}

ValueId reshape(Canonicaliser& c, ValueId v, Shape shape) {
  return add_preceding(c, "Reshape", {v}, {{"shape", std::move(shape)}, {"allowzero", int64_t{1}}});
}

ValueId transpose(Canonicaliser& c, ValueId v, Permutation p) {
  return add_preceding(c, "Transpose", {v}, {{"perm", std::move(p)}});
}

// The node itself is the last step, back to channels first.
void finish(Canonicaliser& c, ValueId channels_last) {
  c.node.op = "Transpose";
  c.node.inputs = {channels_last};
  c.node.attributes = {{"perm", to_channels_first(4)}};
}

void canonicalise_depth_to_space(Canonicaliser& c) {
  int64_t b = block_of(c);
  const Shape in = shape_of(c.graph, c.node, 0);
  set_default(c.node, "mode", std::string("DCR"));
  bool crd = get_string(c.node, "mode") == "CRD";
  int64_t depth = in[1] / (b * b);
  if (depth * b * b != in[1]) mismatch(c.node, fmt::format("{} channels for blocks of {}", in[1], b));
  ValueId v = transpose(c, c.node.inputs[0], to_channels_last(4));
  // [n, h, w, block rows, block columns, depth] or, CRD, depth before the block.
  v = reshape(c, v, crd ? Shape{in[0], in[2], in[3], depth, b, b} : Shape{in[0], in[2], in[3], b, b, depth});
  v = transpose(c, v, crd ? Permutation{0, 1, 4, 2, 5, 3} : Permutation{0, 1, 3, 2, 4, 5});
  finish(c, reshape(c, v, {in[0], in[2] * b, in[3] * b, depth}));
}

void canonicalise_space_to_depth(Canonicaliser& c) {
  int64_t b = block_of(c);
  const Shape in = shape_of(c.graph, c.node, 0);
  if (in[2] % b != 0 || in[3] % b != 0) mismatch(c.node, fmt::format("a map of {} for blocks of {}", to_string(in), b));
  ValueId v = transpose(c, c.node.inputs[0], to_channels_last(4));
  v = reshape(c, v, {in[0], in[2] / b, b, in[3] / b, b, in[1]});
  set_default(c.node, "mode", std::string("DCR"));  // it has a mode since opset 28
  bool crd = get_string(c.node, "mode") == "CRD";
  v = transpose(c, v, crd ? Permutation{0, 1, 3, 5, 2, 4} : Permutation{0, 1, 3, 2, 4, 5});
  finish(c, reshape(c, v, {in[0], in[2] / b, in[3] / b, b * b * in[1]}));
}

constexpr Op kOps[] = {
    {.name = "DepthToSpace", .canonicalise = canonicalise_depth_to_space, .limits = kLimits},
    {.name = "SpaceToDepth", .canonicalise = canonicalise_space_to_depth, .limits = kLimits},
};

}  // namespace

std::span<const Op> depth_space_ops() { return kOps; }

}  // namespace netsuke
