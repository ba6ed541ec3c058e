// Pools and averages of integers.
#include "netsuke/pool_s8.hpp"
#include "s8_support.hpp"

namespace {
using namespace kernel_tests;
using std::int32_t;
using std::int64_t;
using std::int8_t;
using Bytes = std::vector<int8_t>;

template <class In, int C, class Kernel, class Stride = One, class Padding = Pad<0>, int Flags = kPlain,
          class Dilation = One, int Batch = 1>
using Pool = Integers<Window<In, C, C, Kernel, Stride, Padding, Dilation, C, Batch, Flags>, int8_t, int8_t, int8_t, -7,
                      11, -100, 90, 40>;

template <class P>
struct WindowValues {
  std::vector<int64_t> inside;  // centred
  int padded = 0;
  WindowValues(const std::vector<typename P::in_t>& in, int b, int y, int x, int c) {
    for (int ky = 0; ky < P::kernel_h; ++ky) {
      for (int kx = 0; kx < P::kernel_w; ++kx) {
        const int iy = y * P::stride_h - P::pad_top + ky * P::dilation_h;
        const int ix = x * P::stride_w - P::pad_left + kx * P::dilation_w;
        if (iy < P::in_h + P::pad_bottom && ix < P::in_w + P::pad_right) ++padded;
        if (iy >= 0 && ix >= 0 && iy < P::in_h && ix < P::in_w) inside.push_back(centred<P>(in, b, iy, ix, c));
      }
    }
  }
};

using PoolShapes =
    std::tuple<Pool<Size<8, 8>, 5, Size<2, 2>, Size<2, 2>>, Pool<Size<9, 7>, 3, Size<3, 3>, Size<2, 2>, Pad<1>>,
               Pool<Size<25, 5>, 4, Size<25, 5>>, Pool<Size<1, 30>, 3, Size<1, 4>, Size<1, 3>>,
               Pool<Size<7, 8>, 2, Size<3, 3>, Size<2, 2>, Pad<1>, kCountPad>,
               Pool<Size<7, 8>, 2, Size<3, 3>, Size<2, 2>, Pads<1, 0, 0, 1>, kCeil + kCountPad>,
               Pool<Size<9, 9>, 2, Size<3, 2>, Size<1, 2>, Pad<1>, kPlain, Size<2, 3>, 2>,
               Pool<Size<2, 2>, 3, Size<5, 5>, One, Pad<2>>>;

// One multiplier per divisor, for a ratio of scales of 1: exact halves are frequent.
template <class P>
Ints32 average_multipliers() {
  Ints32 multipliers;
  for (int n = 1; n <= P::kernel_h * P::kernel_w; ++n)
    multipliers.push_back(static_cast<int32_t>(std::llround(std::ldexp(0.75, P::shift - 10) * 1.0 / n)));
  return multipliers;
}

TEMPLATE_LIST_TEST_CASE("max_pool2d_s8 and avg_pool2d_s8 equal the reference", "[pool][s8]", PoolShapes) {
  using P = TestType;
  const Bytes in = random_values<int8_t>(in_count<P>(), 1);
  const Ints32 multipliers = average_multipliers<P>();
  GuardedOf<int8_t> max(out_count<P>()), avg(out_count<P>());
  netsuke::max_pool2d_s8<P>(in.data(), max.data());
  netsuke::avg_pool2d_s8<P>(in.data(), multipliers.data(), avg.data());
  require_equal(max.checked(), for_outputs_of<int8_t, P>([&](int b, int y, int x, int c) {
    const WindowValues<P> w(in, b, y, x, c);
    const int64_t best = *std::max_element(w.inside.begin(), w.inside.end()) + P::in_zero;
    return static_cast<int8_t>(std::clamp<int64_t>(best, P::out_min, P::out_max));
  }));
  require_equal(avg.checked(), for_outputs_of<int8_t, P>([&](int b, int y, int x, int c) {
    const WindowValues<P> w(in, b, y, x, c);
    int64_t sum = 0;
    for (int64_t value : w.inside) sum += value;
    const auto divisor = P::count_include_pad ? static_cast<std::size_t>(w.padded) : w.inside.size();
    return static_cast<int8_t>(reference_clamp<P>(reference_round_even(sum, multipliers[divisor - 1], P::shift)));
  }));
}

template <int Outer, int Axis, int Inner, int Multiplier, int Shift>
struct Mean {
  using in_t = int8_t;
  using out_t = int8_t;
  static constexpr int32_t outer = Outer, axis = Axis, inner = Inner, multiplier = Multiplier, shift = Shift;
  static constexpr int32_t batch = Outer, in_h = Axis, in_w = 1, in_c = Inner;
  static constexpr int32_t in_zero = -3, out_zero = 2, out_min = -128, out_max = 100;
};

// A quarter and a sixteenth: exact halves happen all the time, upwards and downwards, and go to even.
using MeanS8Cases =
    std::tuple<Mean<1, 4, 64, 268435456, 30>, Mean<2, 16, 40, 67108864, 30>, Mean<3, 125, 64, 34359738, 32>,
               Mean<1, 1, 9, 1073741824, 30>>;

TEMPLATE_LIST_TEST_CASE("mean_s8 and the running average equal the reference", "[pool][s8]", MeanS8Cases) {
  using P = TestType;
  const Bytes in = random_values<int8_t>(int64_t{P::outer} * P::axis * P::inner, 5);
  std::vector<int8_t> expected, running(static_cast<std::size_t>(P::outer * P::inner));
  for (std::size_t o = 0; o < P::outer; ++o) {
    for (std::size_t i = 0; i < P::inner; ++i) {
      int64_t sum = 0;
      for (std::size_t a = 0; a < P::axis; ++a) sum += in[(o * P::axis + a) * P::inner + i] - P::in_zero;
      expected.push_back(static_cast<int8_t>(reference_clamp<P>(reference_round_even(sum, P::multiplier, P::shift))));
    }
  }
  GuardedOf<int8_t> out(static_cast<int64_t>(expected.size()));
  netsuke::mean_s8<P>(in.data(), out.data());
  require_equal(out.checked(), expected);
  Ints32 sums(P::inner);
  for (std::size_t o = 0; o < P::outer; ++o) {
    netsuke::global_avg_pool_s8_begin<P>(sums.data());
    for (std::size_t a = 0; a < P::axis; ++a)
      netsuke::global_avg_pool_s8_row<P>(in.data() + (o * P::axis + a) * P::inner, sums.data());
    netsuke::global_avg_pool_s8_end<P>(sums.data(), running.data() + o * P::inner);
  }
  require_equal(running, expected);
}

struct Quarter {
  static constexpr int32_t shift = 32, out_zero = 0, out_min = -128, out_max = 127;
};

TEST_CASE("Exact halves go to the even neighbour", "[pool][s8]") {
  using P = Quarter;
  const int32_t half = int32_t{1} << 30;  // a quarter
  REQUIRE(netsuke::requantise_half_even<P>(2, half) == 0);
  REQUIRE(netsuke::requantise_half_even<P>(6, half) == 2);
  REQUIRE(netsuke::requantise_half_even<P>(10, half) == 2);
  REQUIRE(netsuke::requantise_half_even<P>(-2, half) == 0);
  REQUIRE(netsuke::requantise_half_even<P>(-6, half) == -2);
  REQUIRE(netsuke::requantise_half_even<P>(7, half) == 2);
  REQUIRE(netsuke::requantise<P>(2, half) == 1);
  REQUIRE(netsuke::requantise<P>(-6, half) == -1);
}

using GlobalMaxPoolS8Cases =
    std::tuple<Pool<Size<8, 8>, 64, Size<8, 8>>,
               Pool<Size<25, 5>, 3, Size<25, 5>, One, Pad<0>, kPlain, One, 2>, Pool<One, 7, One>>;

TEMPLATE_LIST_TEST_CASE("global_max_pool_s8 equals the reference", "[pool][s8]", GlobalMaxPoolS8Cases) {
  using P = TestType;
  const Bytes in = random_integers<int8_t>(in_count<P>(), 1, -128, 3);
  GuardedOf<int8_t> out(out_count<P>());
  netsuke::global_max_pool_s8<P>(in.data(), out.data());
  require_equal(out.checked(), for_outputs_of<int8_t, P>([&](int b, int y, int x, int c) {
    const WindowValues<P> w(in, b, y, x, c);
    const int64_t best = *std::max_element(w.inside.begin(), w.inside.end()) + P::in_zero;
    return static_cast<int8_t>(std::clamp<int64_t>(best, P::out_min, P::out_max));
  }));
}

}  // namespace
