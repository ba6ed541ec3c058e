#include "pack_s8.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <map>

#include "netsuke/weight_layout_s8.hpp"

namespace netsuke {
namespace {

using Weights = std::span<const std::int16_t>;

bool fits_int8(Weights weights) {
  return std::all_of(weights.begin(), weights.end(), [](std::int16_t w) { return w >= -128 && w <= 127; });
}

// The output channels of one group and the steps of each one's sum.
struct Blocks {
  std::int64_t channels = 0, steps = 0;
};

// One block. value(lane, step) is 0 where there is no such lane or step.
template <class Value>
void append_block(PackedWeights& packed, std::int32_t lanes, std::int64_t steps, const Value& value) {
  for (std::int64_t first = 0; first < steps; first += 4) {
    const std::size_t quad = packed.values.size();
    packed.values.resize(quad + static_cast<std::size_t>(4 * lanes));
    for (std::int32_t lane = 0; lane < lanes; ++lane) {
      for (std::int32_t k = 0; k < 4; ++k) {
        const std::int32_t place = quad_place(packed.layout, lanes, lane, k);
        packed.values[quad + static_cast<std::size_t>(place)] = value(lane, first + k);
      }
    }
  }
}

// The channels of one group. value(channel, step) reads the source.
template <class Value>
void append_group(PackedWeights& packed, Blocks b, const Value& value) {
  const auto channels = static_cast<std::int32_t>(b.channels);
  for (std::int32_t first = 0; first < channels; first += kLanesS8) {
    const std::int32_t lanes = channels - first >= kLanesS8 ? kLanesS8 : last_lanes_s8(channels);
    append_block(packed, lanes, b.steps, [&](std::int32_t lane, std::int64_t step) -> std::int16_t {
      const auto at = [&](std::int32_t l) -> std::int16_t {
        return first + l < channels && step < b.steps ? value(first + l, step) : std::int16_t{0};
      };
      const bool borrow = packed.layout == kLayoutFolded && lane % 2 == 1 && at(lane - 1) < 0;
      return static_cast<std::int16_t>(at(lane) - (borrow ? 1 : 0));
    });
  }
}

// The same in blocks of vectors.
template <class Value>
void append_vectors(PackedWeights& packed, Blocks b, const Value& value) {
  const auto channels = static_cast<std::int32_t>(b.channels);
  for (std::int32_t block = 0; block < vector_blocks(channels); ++block) {
    const std::int32_t first = vector_block_first(channels, block);
    for (std::int64_t vector = 0; vector < b.steps; vector += 16) {
      for (std::int32_t lane = first; lane < first + kLanesS8; ++lane) {
        for (std::int64_t k = vector; k < vector + 16; ++k)
          packed.values.push_back(lane < channels && k < b.steps ? value(lane, k) : std::int16_t{0});
      }
    }
  }
}

// Whether sums of x * w are in -32767 .. 32767 for all x in -128 .. 127.
bool sums_fit_group(Weights group) {
  std::int32_t low = 0, high = 0;
  for (const std::int16_t w : group) {
    low += std::min(w * 127, w * -128);
    high += std::max(w * 127, w * -128);
  }
  return low > INT16_MIN && high <= INT16_MAX;
}

// The lanes of a block, each with its steps; what was taken off them, step by step.
using LaneWeights = std::vector<std::vector<std::int16_t>>;
using Corrections = std::map<std::int64_t, std::vector<std::int16_t>>;

// Takes off the largest weights of each group what does not fit.
Corrections make_groups_fit(LaneWeights& lanes) {
  Corrections corrections;
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    for (std::size_t first = 0; first < lanes[lane].size(); first += kDualSteps) {
      const auto group = std::span(lanes[lane]).subspan(first, kDualSteps);
      while (!sums_fit_group(group)) {
        const auto largest = std::max_element(group.begin(), group.end(), [](int a, int b) { return std::abs(a) < std::abs(b); });
        const std::int16_t all = *largest, unit = all < 0 ? -1 : 1;
        while (*largest != 0 && !sums_fit_group(group)) *largest = static_cast<std::int16_t>(*largest - unit);
        auto& correction = corrections[static_cast<std::int64_t>(first) + (largest - group.begin())];
        correction.resize(lanes.size(), 0);
        correction[lane] = static_cast<std::int16_t>(all - *largest);
      }
    }
  }
  return corrections;
}

// The words of a step: weight(lane) for pairs of lanes.
template <class Weight>
void append_words(PackedWeights& packed, std::size_t lanes, const Weight& weight) {
  for (std::size_t lane = 0; lane < lanes; lane += 2) {
    const std::int16_t a = weight(lane), b = weight(lane + 1);
    packed.values.insert(packed.values.end(), {a, static_cast<std::int16_t>(b - (a < 0 ? 1 : 0))});
  }
}

// One block of kLayoutDual. The number of its corrections.
template <class Value>
std::int64_t append_dual_block(PackedWeights& packed, std::int32_t live, std::int64_t steps, const Value& value) {
  const std::size_t padded = static_cast<std::size_t>(quads_of(static_cast<std::int32_t>(steps)) * kDualSteps);
  LaneWeights lanes(live > 2 ? 4 : 2, std::vector<std::int16_t>(padded, 0));
  for (std::int32_t lane = 0; lane < live; ++lane)
    for (std::int64_t k = 0; k < steps; ++k) lanes[static_cast<std::size_t>(lane)][static_cast<std::size_t>(k)] = value(lane, k);
  const Corrections corrections = make_groups_fit(lanes);
  packed.values.insert(packed.values.end(), {static_cast<std::int16_t>(corrections.size()), 0});
  for (const auto& [step, weights] : corrections) {
    packed.values.insert(packed.values.end(), {static_cast<std::int16_t>(step), 0});
    append_words(packed, lanes.size(), [&](std::size_t lane) { return weights[lane]; });
  }
  for (std::size_t k = 0; k < padded; ++k) append_words(packed, lanes.size(), [&](std::size_t lane) { return lanes[lane][k]; });
  return static_cast<std::int64_t>(corrections.size());
}

// All channels. False if there are too many corrections.
template <class Value>
bool append_dual(PackedWeights& packed, Blocks b, std::int64_t steps_for_correction, const Value& value) {
  packed = {{}, true, kLayoutDual};
  const auto channels = static_cast<std::int32_t>(b.channels);
  std::int64_t corrections = 0, blocks = 0;
  for (std::int32_t first = 0; first < channels; first += kLanesS8, ++blocks) {
    corrections += append_dual_block(packed, std::min(kLanesS8, channels - first), b.steps,
                                     [&](std::int32_t lane, std::int64_t k) { return value(first + lane, k); });
  }
  return b.steps <= INT16_MAX && corrections * steps_for_correction <= b.steps * blocks;
}

// Folding takes one from an odd lane, which must not already be the lowest value. And the kernel reads an odd
// lane's sum from the upper 24 bits of a word, so it has to fit them for all inputs in -128 .. 127.
template <class Value>
bool folds(std::int64_t steps, std::int32_t bias, const Value& value) {
  std::int64_t low = bias, high = bias;
  for (std::int64_t k = 0; k < steps; ++k) {
    const std::int64_t w = value(k);
    if (w == -128) return false;
    low += std::min(w * 127, w * -128);
    high += std::max(w * 127, w * -128);
  }
  return low >= -(1 << 23) && high < (1 << 23);
}

// weight(channel of the layer, step).
template <class Weight>
std::int32_t choose_layout(Blocks b, std::int64_t groups, bool bytes, std::span<const std::int32_t> bias,
                           const PackChoice& choice, const Weight& weight) {
  if (choice.vectors) return bytes ? kLayoutVectors : kLayoutPlain;
  if (!choice.dual_multiply) return kLayoutPlain;
  if (choice.wide) return kLayoutWide;
  if (!bytes) return kLayoutPlain;
  for (std::int64_t o = 0; o < b.channels * groups; ++o) {
    if (!folds(b.steps, bias[static_cast<std::size_t>(o)], [&](std::int64_t k) { return weight(o, k); }))
      return kLayoutPlain;
  }
  return kLayoutFolded;
}

PackedWeights pack_windows(Weights weights, const ConvShape& shape) {
  const auto kernel_h = static_cast<std::int32_t>(shape.kernel_h), kernel_w = static_cast<std::int32_t>(shape.kernel_w);
  const std::size_t filter = static_cast<std::size_t>(kernel_h * kernel_w), filters = weights.size() / filter;
  PackedWeights packed{std::vector<std::int16_t>(filters * 16), false, kLayoutWindows};
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto tap = static_cast<std::int32_t>(i % filter);
    const std::int32_t place = depthwise_place(packed.layout, kernel_w, tap / kernel_w, tap % kernel_w);
    packed.values[i / filter * 16 + static_cast<std::size_t>(place)] = weights[i];
  }
  return packed;
}

}  // namespace

PackedWeights pack_conv2d_s8(Weights weights, std::span<const std::int32_t> folded_bias, const ConvShape& shape,
                             const PackChoice& choice) {
  const std::int64_t in_c = shape.in_c / shape.group, out_c = shape.out_c / shape.group;
  const std::int64_t taps = shape.kernel_h * shape.kernel_w;
  const auto at = [&](std::int64_t o, std::int64_t step) {
    return weights[static_cast<std::size_t>((o * in_c + step % in_c) * taps + step / in_c)];
  };
  const Blocks blocks{out_c, taps * in_c};
  PackedWeights packed;
  if (choice.two_channels && shape.group == 1 && fits_int8(weights) && append_dual(packed, blocks, choice.steps_for_correction, at))
    return packed;
  packed = {};
  if (choice.two_channels) packed.why = "too many of them are too large for two channels in a word";
  packed.layout = choose_layout(blocks, shape.group, fits_int8(weights), folded_bias, choice, at);
  packed.wide = packed.layout == kLayoutWide || !fits_int8(weights);
  if (choice.dual_multiply && packed.layout == kLayoutPlain) packed.why = "sums may need more than 24 bits";
  for (std::int64_t first = 0; first < shape.out_c; first += out_c) {
    const auto value = [&](std::int64_t o, std::int64_t k) { return at(first + o, k); };
    if (packed.layout == kLayoutVectors) {
      append_vectors(packed, blocks, value);
    } else {
      append_group(packed, blocks, value);
    }
  }
  return packed;
}

PackedWeights pack_depthwise_s8(Weights weights, const ConvShape& shape, const PackChoice& choice) {
  const bool bytes = fits_int8(weights);
  if (choice.vectors && bytes && shape.kernel_h <= 4 && shape.kernel_w <= 4) return pack_windows(weights, shape);
  if (shape.kernel_h != 3 || shape.kernel_w != 3 || !choice.dual_multiply || (!bytes && !choice.wide))
    return {std::vector<std::int16_t>(weights.begin(), weights.end()), !bytes, kLayoutPlain};
  PackedWeights packed{{}, choice.wide, choice.wide ? kLayoutPairs : kLayoutRows};
  for (std::size_t row = 0; row < weights.size(); row += 3) {
    const std::int16_t w0 = weights[row], w1 = weights[row + 1], w2 = weights[row + 2];
    if (choice.wide) {
      packed.values.insert(packed.values.end(), {w0, w1, w1, w2});
    } else {
      packed.values.insert(packed.values.end(), {w0, w1, w2, 0});
    }
  }
  return packed;
}

PackedWeights pack_dense_s8(Weights weights, std::span<const std::int32_t> folded_bias, std::int64_t in_c,
                            const PackChoice& choice) {
  return pack_conv2d_s8(weights, folded_bias, {static_cast<std::int64_t>(folded_bias.size()), in_c, 1, 1, 1}, choice);
}

PackedWeights pack_conv_transpose2d_s8(Weights weights, const ConvShape& shape) {
  const std::int64_t in_c = shape.in_c / shape.group, out_c = shape.out_c / shape.group;
  const std::int64_t taps = shape.kernel_h * shape.kernel_w;
  PackedWeights packed{{}, !fits_int8(weights), kLayoutPlain};
  packed.values.reserve(weights.size());
  for (std::int64_t o = 0; o < shape.out_c; ++o) {
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      for (std::int64_t i = 0; i < in_c; ++i) {
        const std::int64_t input = o / out_c * in_c + i;
        packed.values.push_back(weights[static_cast<std::size_t>((input * out_c + o % out_c) * taps + tap)]);
      }
    }
  }
  return packed;
}

PackChoice pack_choice(std::string_view target, Goal goal) {
  const bool dual = target == "cortex-m4" || target == "cortex-m7" || target == "cortex-m33";
  const bool scalar = target == "cortex-m3" || target == "cortex-m0plus" || target == "rv32imc";
  const bool speed = goal == Goal::kSpeed;
  PackChoice choice{dual, dual && speed, target == "cortex-m55", scalar && speed};
  // Without a multiply-add, two channels at once gain more: on Cortex-M0+ than any Winograd (IC takes 39.6 M instructions
  // instead of 46.7 M), on RV32 than that along rows.
  const bool multiply_add = dual || target == "cortex-m3";
  if (speed) choice.winograd = multiply_add ? 2 : target == "rv32imc" ? 4 : 0;
  choice.winograd_rows = speed ? multiply_add : goal == Goal::kMemory && (dual || scalar);
  return choice;
}

std::vector<std::int32_t> fold_zero_point(std::span<const std::int32_t> bias, Weights weights, std::int64_t out_c,
                                          std::int32_t in_zero) {
  const std::size_t channels = static_cast<std::size_t>(out_c), filter = weights.size() / channels;
  std::vector<std::int32_t> folded(channels, 0);
  for (std::size_t o = 0; o < channels; ++o) {
    std::int64_t sum = 0;
    for (std::int16_t w : weights.subspan(o * filter, filter)) sum += w;
    folded[o] = static_cast<std::int32_t>((bias.empty() ? 0 : bias[o]) - sum * in_zero);
  }
  return folded;
}

bool sums_fit(std::span<const std::int32_t> folded_bias, Weights weights, std::int32_t max_input) {
  const std::size_t filter = weights.size() / folded_bias.size();
  for (std::size_t o = 0; o < folded_bias.size(); ++o) {
    std::int64_t bound = std::abs(std::int64_t{folded_bias[o]});
    for (std::int16_t w : weights.subspan(o * filter, filter)) bound += std::abs(std::int64_t{w}) * max_input;
    if (bound > INT32_MAX) return false;
  }
  return true;
}

}  // namespace netsuke
