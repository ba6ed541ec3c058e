// How weights lie in flash; shared by the kernels and by the compiler, which packs them
// (compiler/lower/pack.*).
//
// The output channels of a layer (of each group) are cut into blocks of `lanes` neighbours. A block holds,
// for each step of the inner loop in order, its lanes side by side: [block][step][lane]. A layer whose
// channel count is not a multiple of the block has one last block of another width, so that no padding is
// stored.
//
//   conv2d, conv_transpose2d  [group][block][kernel_h][kernel_w][in_c / group][lane], blocks of 4; a
//   remainder
//                             of 1 or 2 channels is merged with a full block into a last one of 5 or 6
//   depthwise                 [channel][kernel_h][kernel_w]
//   dense                     [block][in_c][lane], blocks of 16, last one of the remaining 1 to 15
#ifndef NETSUKE_WEIGHT_LAYOUT_HPP
#define NETSUKE_WEIGHT_LAYOUT_HPP

#include "core.hpp"

namespace netsuke {

constexpr int32_t kConvLanes = 4;
constexpr int32_t kDenseLanes = 16;

// Width of the last block of `channels` output channels if it is not a full one, else 0.
constexpr int32_t conv_last_lanes(int32_t channels) {
  return channels % kConvLanes == 0
             ? 0
             : channels % kConvLanes + (channels % kConvLanes != 3 && channels > kConvLanes ? kConvLanes : 0);
}

constexpr int32_t conv_full_blocks(int32_t channels) {
  return (channels - conv_last_lanes(channels)) / kConvLanes;
}

constexpr int32_t dense_last_lanes(int32_t channels) {
  return channels % kDenseLanes;
}

constexpr int32_t dense_full_blocks(int32_t channels) {
  return channels / kDenseLanes;
}

}  // namespace netsuke

#endif  // NETSUKE_WEIGHT_LAYOUT_HPP
