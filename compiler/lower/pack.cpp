#include "pack.hpp"

#include <cstddef>

#include "netsuke/weight_layout.hpp"

namespace netsuke {
namespace {

// Copies `channels` output channels, cut into blocks of `lanes` and a last one of `last`, step by step.
// value(channel, step) reads the source.
template <class Value>
void append_blocks(std::vector<float>& packed, std::int64_t channels, std::int64_t steps, std::int64_t lanes,
                   std::int64_t last, const Value& value) {
  for (std::int64_t first = 0; first < channels;) {
    const std::int64_t width = channels - first == last ? last : lanes;
    for (std::int64_t step = 0; step < steps; ++step) {
      for (std::int64_t lane = 0; lane < width; ++lane) packed.push_back(value(first + lane, step));
    }
    first += width;
  }
}

// value(group, channel in the group, input channel in the group, tap) reads the source.
template <class Value>
std::vector<float> pack_groups(const ConvShape& shape, const Value& value) {
  const std::int64_t in_c = shape.in_c / shape.group, out_c = shape.out_c / shape.group;
  const std::int64_t taps = shape.kernel_h * shape.kernel_w;
  std::vector<float> packed;
  packed.reserve(static_cast<std::size_t>(shape.out_c * in_c * taps));
  for (std::int64_t group = 0; group < shape.group; ++group) {
    const auto at = [&](std::int64_t channel, std::int64_t step) {
      return value(group, channel, step % in_c, step / in_c);
    };
    append_blocks(packed, out_c, taps * in_c, kConvLanes, conv_last_lanes(static_cast<std::int32_t>(out_c)),
                  at);
  }
  return packed;
}

}  // namespace

std::vector<float> pack_conv2d(std::span<const float> weights, const ConvShape& shape) {
  const std::int64_t in_c = shape.in_c / shape.group, out_c = shape.out_c / shape.group;
  const std::int64_t taps = shape.kernel_h * shape.kernel_w;
  return pack_groups(shape, [&](std::int64_t group, std::int64_t o, std::int64_t i, std::int64_t tap) {
    return weights[static_cast<std::size_t>(((group * out_c + o) * in_c + i) * taps + tap)];
  });
}

std::vector<float> pack_depthwise(std::span<const float> weights, const ConvShape&) {
  return std::vector<float>(weights.begin(), weights.end());
}

std::vector<float> pack_conv_transpose2d(std::span<const float> weights, const ConvShape& shape) {
  const std::int64_t in_c = shape.in_c / shape.group, out_c = shape.out_c / shape.group;
  const std::int64_t taps = shape.kernel_h * shape.kernel_w;
  return pack_groups(shape, [&](std::int64_t group, std::int64_t o, std::int64_t i, std::int64_t tap) {
    return weights[static_cast<std::size_t>(((group * in_c + i) * out_c + o) * taps + tap)];
  });
}

std::vector<float> pack_dense(std::span<const float> weights, std::int64_t out_c, std::int64_t in_c) {
  std::vector<float> packed;
  packed.reserve(weights.size());
  const auto at = [&](std::int64_t o, std::int64_t i) {
    return weights[static_cast<std::size_t>(o * in_c + i)];
  };
  append_blocks(packed, out_c, in_c, kDenseLanes, dense_last_lanes(static_cast<std::int32_t>(out_c)), at);
  return packed;
}

}  // namespace netsuke
