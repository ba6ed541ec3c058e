#include "pack_winograd.hpp"

#include <array>
#include <cstddef>
#include <cstdlib>

#include "netsuke/weight_layout_s8.hpp"

namespace netsuke {
namespace {

using Filter = std::span<const std::int16_t>;  // [3][3]

constexpr int kTwiceG[4][3] = {{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}};
constexpr std::int32_t kOnStack = 1024;      // bytes of transformed inputs
constexpr std::int64_t kMaxInput = 4 * 128;  // of B^T d B

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

// The bounds of one output channel. What the kernel computes from its sums over places never has one twice, apart from
// S0 + S1, which has place M1 and the bias twice.
struct Bounds {
  std::int64_t sum = 0;  // |4 * bias| + sum of |U * x| over all places and input channels
  bool weights_fit = true;

  void add(std::int64_t u) {
    weights_fit = weights_fit && u >= INT16_MIN && u <= INT16_MAX;
    sum += std::abs(u) * kMaxInput;
  }
  bool hold() const { return weights_fit && 2 * sum <= INT32_MAX; }
};

// Where the places of output channel o begin, and how far apart they are.
struct Layout {
  std::int64_t in_c;
  std::size_t at(std::int64_t o, std::int64_t i, std::int64_t place) const {
    const auto lane = static_cast<std::int32_t>(o % kLanesS8), step = static_cast<std::int32_t>(i % 4);
    const std::int64_t quad = ((o / kLanesS8) * 16 + place) * (in_c / 4) + i / 4;
    return static_cast<std::size_t>(quad * 4 * kLanesS8 + wide_place(kLanesS8, lane, step));
  }
};

}  // namespace

std::optional<PackedWeights> pack_winograd_s8(std::span<const std::int16_t> weights,
                                              std::span<const std::int32_t> folded_bias, std::int64_t in_c) {
  const auto out_c = static_cast<std::int64_t>(folded_bias.size());
  const Layout layout{in_c};
  PackedWeights packed{std::vector<std::int16_t>(static_cast<std::size_t>(out_c * in_c * 16)), true, kLayoutWinograd};
  for (std::int64_t o = 0; o < out_c; ++o) {
    Bounds bounds{4 * std::abs(std::int64_t{folded_bias[static_cast<std::size_t>(o)]})};
    for (std::int64_t i = 0; i < in_c; ++i) {
      const auto u = transformed(weights.subspan(static_cast<std::size_t>((o * in_c + i) * 9), 9));
      for (std::size_t place = 0; place < 16; ++place) {
        bounds.add(u[place]);
        packed.values[layout.at(o, i, static_cast<std::int64_t>(place))] = static_cast<std::int16_t>(u[place]);
      }
    }
    if (!bounds.hold()) return std::nullopt;
  }
  return packed;
}

int winograd_patches(std::int64_t in_c, int most) {
  return most > 2 && winograd_scratch(in_c, 2) == 0 ? 2 : most;
}

std::int64_t winograd_scratch(std::int64_t in_c, int patches) {
  const auto channels = static_cast<std::int32_t>(in_c);
  return 2 * winograd_inputs(channels, patches) <= kOnStack ? 0 : winograd_scratch_bytes(channels, patches);
}

}  // namespace netsuke
