#include "netsuke/winograd_s8.hpp"

#include "netsuke/winograd_rows_s8.hpp"
#include "pack_winograd.hpp"
#include "s8_support.hpp"

namespace {
using namespace kernel_tests;
using std::int16_t;
using std::int32_t;
using std::int8_t;

template <class Base, int Patches = 2, int InZero = 5, int OutZero = -9, int OutMin = -128, int OutMax = 127,
          int Shift = 32, bool PerChannel = true, class Out = int8_t>
using W = WithPatches<Integers<Base, int8_t, int16_t, Out, InZero, OutZero, OutMin, OutMax, Shift, PerChannel,
                               netsuke::kLayoutWinograd>,
                      Patches>;
template <int H, int Wide, int In, int Out, class Padding = Pad<1>, int Batch = 1>
using Conv = Window<Size<H, Wide>, In, Out, Size<3, 3>, One, Padding, One, 1, Batch>;
using Small = Conv<5, 7, 8, 12>;

using Shapes = std::tuple<
    // ResNet-8's.
    W<Conv<32, 32, 16, 16>, 2, -128, -128>, W<Conv<16, 16, 32, 32>, 2, -128, -128>, W<Conv<8, 8, 64, 64>, 2, -128, -128>,
    // Every number of patches; outputs that end inside a patch, and patches that lie outside.
    W<Small, 1>, W<Small, 2>, W<Small, 3>, W<Small, 4>, W<Conv<4, 9, 4, 4>, 2>, W<Conv<4, 10, 4, 4>, 4>,
    W<Conv<3, 11, 4, 8>, 2>, W<Conv<3, 13, 4, 8>, 4>, W<Conv<6, 8, 4, 4>, 2>, W<Conv<7, 16, 4, 4>, 4>,
    // All kinds of padding, down to none and up to nothing but padding.
    W<Conv<6, 9, 4, 4, Pad<0>>>, W<Conv<3, 3, 4, 4, Pad<0>>>, W<Conv<4, 3, 4, 4, Pad<0>>, 4>, W<Conv<5, 6, 4, 4, Pad<2>>>,
    W<Conv<5, 6, 4, 4, Pads<0, 2, 1, 0>>>, W<Conv<5, 6, 4, 4, Pads<2, 0, 0, 1>>, 3>, W<Conv<1, 1, 4, 4, Pad<1>>>,
    W<Conv<1, 1, 4, 8, Pad<4>>, 4>, W<Conv<1, 9, 8, 4, Pad<1>>>, W<Conv<9, 1, 8, 4, Pad<1>>>,
    // Batch, activation, zero points, shifts, one multiplier, types.
    W<Conv<5, 6, 4, 4, Pad<1>, 3>>, W<Small, 2, 127, -9, -9, 90>, W<Small, 2, -128, 127, -128, 127, 40>,
    W<Small, 2, 127, 0, -128, 127, 20>, W<Small, 2, 0, 0, -128, 127, 32, false>, W<Small, 4, 0, 0, -128, 127, 62>,
    W<Small, 2, 3, 7, -32768, 32767, 32, true, int16_t>, W<Small, 2, 3, 7, -128, 127, 32, true, int32_t>,
    W<Small, 4, 3, 7, -128, 127, 32, true, float>>;

template <class P>
void check(const Layer<P>& layer) {
  const auto packed = netsuke::pack_winograd_s8(layer.weights, layer.folded, P::in_c);
  REQUIRE(packed.has_value());
  REQUIRE(packed->layout == netsuke::kLayoutWinograd);
  REQUIRE(packed->wide);
  REQUIRE(packed->values.size() == static_cast<std::size_t>(16 * P::in_c * P::out_c));
  const auto expected = conv2d_s8_reference<P>(layer.in, layer.weights, layer.bias, layer.multipliers);
  const auto scales = kernel_scales<P>(layer.multipliers);
  GuardedOf<typename P::out_t> out(out_count<P>());
  netsuke::winograd_s8<P>(layer.in.data(), packed->values.data(), layer.folded.data(), scales.data(), out.data());
  require_equal(out.checked(), expected);

  GuardedOf<typename P::out_t> again(out_count<P>());
  GuardedOf<int32_t> scratch(netsuke::winograd_scratch_bytes(P::in_c, P::patches) / 4);
  netsuke::winograd_s8<P>(layer.in.data(), packed->values.data(), layer.folded.data(), scales.data(), scratch.data(),
                          again.data());
  require_equal(again.checked(), expected);
  scratch.checked();
}

TEMPLATE_LIST_TEST_CASE("winograd_s8 equals the reference", "[winograd][s8]", Shapes) { check(Layer<TestType>()); }

template <class P>
void check_rows(const Layer<P>& layer) {
  const auto packed = netsuke::pack_winograd_rows_s8(layer.weights, layer.folded, P::in_c, P::kernel_h);
  REQUIRE(packed.has_value());
  REQUIRE(packed->layout == netsuke::kLayoutWinogradRows);
  REQUIRE(packed->values.size() == static_cast<std::size_t>(4 * P::kernel_h * P::in_c * P::out_c));
  const auto scales = kernel_scales<P>(layer.multipliers);
  GuardedOf<typename P::out_t> out(out_count<P>());
  netsuke::winograd_rows_s8<P>(layer.in.data(), packed->values.data(), layer.folded.data(), scales.data(), out.data());
  require_equal(out.checked(), conv2d_s8_reference<P>(layer.in, layer.weights, layer.bias, layer.multipliers));
}

// Kernels that are three wide, of other heights, strides and dilations along the other axis.
using RowShapes = std::tuple<
    W<Window<Size<1, 21>, 4, 4, Size<1, 3>, One, Pads<0, 1, 0, 1>>>, W<Window<Size<9, 6>, 4, 8, Size<2, 3>, One, Pad<1>>, 3>,
    W<Window<Size<9, 7>, 8, 4, Size<5, 3>, Size<2, 1>, Pad<2>>>, W<Window<Size<9, 8>, 4, 4, Size<3, 3>, Size<3, 1>, Pad<1>, Size<2, 1>>>>;

TEMPLATE_LIST_TEST_CASE("winograd_rows_s8 equals the reference", "[winograd][s8]", Shapes) { check_rows(Layer<TestType>()); }
TEMPLATE_LIST_TEST_CASE("winograd_rows_s8 equals the reference, other kernels", "[winograd][s8]", RowShapes) {
  check_rows(Layer<TestType>());
}

// Extreme inputs and weights, in patterns that make the terms of the transforms add up.
using Extreme = W<Conv<6, 6, 16, 4, Pad<1>>, 2, 0, 0, -128, 127, 32, true, int32_t>;

TEST_CASE("winograd_s8 is exact at the ends of its ranges", "[winograd][s8]") {
  for (const int pattern : {0, 1, 2, 3}) {
    Layer<Extreme> layer;
    for (std::size_t i = 0; i < layer.in.size(); ++i) {
      const std::size_t x = i / Extreme::in_c % 6, y = i / Extreme::in_c / 6;
      const bool low = pattern == 0 || (pattern == 1 && x / 2 % 2 == 0) || (pattern == 2 && y / 2 % 2 == 0);
      layer.in[i] = low ? -128 : 127;
    }
    for (const int weight : {-128, 127, 2000, -2000}) {
      layer.weights.assign(layer.weights.size(), static_cast<int16_t>(weight));
      layer.folded = layer.bias;
      check(layer);
      check_rows(layer);
    }
  }
}

using Weights = std::vector<int16_t>;
bool fits(const Weights& filters, int32_t bias, std::int64_t in_c) {
  const Ints32 biases(filters.size() / static_cast<std::size_t>(9 * in_c), bias);
  return netsuke::pack_winograd_s8(filters, biases, in_c).has_value();
}

bool rows_fit(const Weights& filters, int32_t bias, std::int64_t in_c) {
  const Ints32 biases(filters.size() / static_cast<std::size_t>(9 * in_c), bias);
  return netsuke::pack_winograd_rows_s8(filters, biases, in_c, 3).has_value();
}

TEST_CASE("Weights that break a bound are not transformed along rows", "[pack][winograd][s8]") {
  REQUIRE(rows_fit(Weights(4 * 4 * 9, 10922), 0, 4));  // 3 * 10922 = 32766
  REQUIRE_FALSE(rows_fit(Weights(4 * 4 * 9, 10923), 0, 4));
  REQUIRE(rows_fit(Weights(4 * 4 * 9, -10922), 0, 4));
  REQUIRE_FALSE(rows_fit(Weights(4 * 4 * 9, -10923), 0, 4));
  Weights edge(4 * 4 * 9, 0);
  edge[9 * 7 + 3] = 16383;  // in U twice
  REQUIRE(rows_fit(edge, 0, 4));
  edge[9 * 7 + 3] = 16384;
  REQUIRE_FALSE(rows_fit(edge, 0, 4));
  // 2 * (2 * |bias| + 256 * sum of |U|) < 2^31; U of three equal ones: 2 + 3 + 1 + 2 = 8.
  REQUIRE(rows_fit(Weights(4 * 4 * 9, 0), 536870911, 4));
  REQUIRE_FALSE(rows_fit(Weights(4 * 4 * 9, 0), 536870912, 4));
  REQUIRE(rows_fit(Weights(4 * 1024 * 9, 127), 0, 1024));
  REQUIRE_FALSE(rows_fit(Weights(4 * 2048 * 9, 127), 0, 2048));
}

TEST_CASE("Weights that break a bound are not transformed", "[pack][winograd][s8]") {
  // The middle of U is the sum of all nine: 9 * 3640 = 32760.
  REQUIRE(fits(Weights(4 * 4 * 9, 3640), 0, 4));
  REQUIRE_FALSE(fits(Weights(4 * 4 * 9, 3641), 0, 4));
  REQUIRE(fits(Weights(4 * 4 * 9, -3640), 0, 4));
  REQUIRE_FALSE(fits(Weights(4 * 4 * 9, -3641), 0, 4));
  // One weight in a corner is in U four times.
  Weights corner(4 * 4 * 9, 0);
  corner[9 * 7] = 8191;
  REQUIRE(fits(corner, 0, 4));
  corner[9 * 7] = 8192;
  REQUIRE_FALSE(fits(corner, 0, 4));
  // 2 * (4 * |bias| + 512 * sum of |U|) < 2^31.
  REQUIRE(fits(Weights(4 * 4 * 9, 0), 268435455, 4));
  REQUIRE_FALSE(fits(Weights(4 * 4 * 9, 0), 268435456, 4));
  REQUIRE_FALSE(fits(Weights(4 * 4 * 9, 0), -268435456, 4));
  // (2 + 3 + 1 + 2)^2 = 64 times the weight for a filter of equal ones.
  REQUIRE(fits(Weights(4 * 256 * 9, 127), 0, 256));
  REQUIRE_FALSE(fits(Weights(4 * 512 * 9, 127), 0, 512));
}

}  // namespace
