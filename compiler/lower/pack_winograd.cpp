#include "pack_winograd.hpp"

#include <array>
#include <cstddef>
#include <cstdlib>

#include "netsuke/weight_layout_s8.hpp"

namespace netsuke {
namespace {

using Filter = std::span<const std::int16_t>;  // [3][3], or a row of one

constexpr int kTwiceG[4][3] = {{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}};
constexpr std::int32_t kOnStack = 1024;      // bytes of transformed inputs

// (2G) g (2G)^T by winograd_place.
std::array<std::int64_t, 16> transformed(Filter g) {
  std::array<std::int64_t, 16> u{};
  for (int row = 0; row < 4; ++row) {
    for (int column = 0; column < 4; ++column) {
      std::int64_t& sum = u[static_cast<std::size_t>(winograd_place(row, column))];
      for (int y = 0; y < 3; ++y) {
        for (int x = 0; x < 3; ++x) sum += kTwiceG[row][y] * kTwiceG[column][x] * g[static_cast<std::size_t>(3 * y + x)];
      }
    }
  }
  return u;
}

// 2G g of one row of a filter, by winograd_turn.
std::array<std::int64_t, 4> transformed_row(Filter g) {
  std::array<std::int64_t, 4> u{};
  for (int column = 0; column < 4; ++column) {
    std::int64_t& sum = u[static_cast<std::size_t>(winograd_turn(column))];
    for (int x = 0; x < 3; ++x) sum += kTwiceG[column][x] * g[static_cast<std::size_t>(x)];
  }
  return u;
}

// What the sums are made of: 16 places of in_c steps, or 4 of all rows of all channels. A sum comes out `factor` times
// as large as it is, from inputs of up to max_input.
struct Form {
  std::int64_t places, steps, factor, max_input;
};

// The bounds of one output channel. What the kernel computes from its sums over places never has one twice, apart from
// S0 + S1, which has place M1 and the bias twice.
struct Bounds {
  const Form& form;
  std::int64_t sum;  // |factor * bias| + sum of |U * x| over all places and steps
  bool weights_fit = true;

  Bounds(const Form& f, std::int64_t bias) : form(f), sum(f.factor * std::abs(bias)) {}
  void add(std::int64_t u) {
    weights_fit = weights_fit && u >= INT16_MIN && u <= INT16_MAX;
    sum += std::abs(u) * form.max_input;
  }
  bool hold() const { return weights_fit && 2 * sum <= INT32_MAX; }
};

// Where step k of a place of output channel o lies.
std::size_t place_of(const Form& f, std::int64_t o, std::int64_t place, std::int64_t k) {
  const auto lane = static_cast<std::int32_t>(o % kLanesS8), step = static_cast<std::int32_t>(k % 4);
  const std::int64_t quad = ((o / kLanesS8) * f.places + place) * (f.steps / 4) + k / 4;
  return static_cast<std::size_t>(quad * 4 * kLanesS8 + wide_place(kLanesS8, lane, step));
}

// transform(o, k): the transformed weights of step k of an output channel, by place.
template <class Transform>
std::optional<PackedWeights> pack(const Form& f, std::int32_t layout, std::span<const std::int32_t> folded_bias,
                                  const Transform& transform) {
  const auto out_c = static_cast<std::int64_t>(folded_bias.size());
  PackedWeights packed{std::vector<std::int16_t>(static_cast<std::size_t>(out_c * f.places * f.steps)), true, layout};
  for (std::int64_t o = 0; o < out_c; ++o) {
    Bounds bounds(f, folded_bias[static_cast<std::size_t>(o)]);
    for (std::int64_t k = 0; k < f.steps; ++k) {
      const auto u = transform(o, k);
      for (std::int64_t place = 0; place < f.places; ++place) {
        const std::int64_t value = u[static_cast<std::size_t>(place)];
        bounds.add(value);
        packed.values[place_of(f, o, place, k)] = static_cast<std::int16_t>(value);
      }
    }
    if (!bounds.hold()) return std::nullopt;
  }
  return packed;
}

}  // namespace

std::optional<PackedWeights> pack_winograd_s8(std::span<const std::int16_t> weights,
                                              std::span<const std::int32_t> folded_bias, std::int64_t in_c) {
  return pack({16, in_c, 4, 4 * 128}, kLayoutWinograd, folded_bias, [&](std::int64_t o, std::int64_t i) {
    return transformed(weights.subspan(static_cast<std::size_t>((o * in_c + i) * 9), 9));
  });
}

std::optional<PackedWeights> pack_winograd_rows_s8(std::span<const std::int16_t> weights,
                                                   std::span<const std::int32_t> folded_bias, std::int64_t in_c,
                                                   std::int64_t kernel_h) {
  return pack({4, kernel_h * in_c, 2, 2 * 128}, kLayoutWinogradRows, folded_bias, [&](std::int64_t o, std::int64_t k) {
    const std::int64_t ky = k / in_c, i = k % in_c;
    return transformed_row(weights.subspan(static_cast<std::size_t>(((o * in_c + i) * kernel_h + ky) * 3), 3));
  });
}

int winograd_patches(std::int64_t in_c, int most) {
  return most > 2 && winograd_scratch(in_c, 2) == 0 ? 2 : most;
}

std::int64_t winograd_scratch(std::int64_t in_c, int patches) {
  const auto channels = static_cast<std::int32_t>(in_c);
  return 2 * winograd_inputs(channels, patches) <= kOnStack ? 0 : winograd_scratch_bytes(channels, patches);
}

}  // namespace netsuke
