#include "netsuke/conv2d_s8.hpp"

#include "netsuke/dense_s8.hpp"
#include "netsuke/depthwise_s8.hpp"
#include "s8_support.hpp"

namespace {
using namespace kernel_tests;
using std::int16_t;
using std::int32_t;
using std::int8_t;

template <class Base, int InZero = 5, int OutZero = -9, int OutMin = -128, int OutMax = 127, int Shift = 32,
          bool PerChannel = true>
using S8 = Integers<Base, int8_t, int8_t, int8_t, InZero, OutZero, OutMin, OutMax, Shift, PerChannel>;

template <class Base, class In, class Weight, class Out, int Shift = 32>
using Mixed = Integers<Base, In, Weight, Out, 3, 7, (sizeof(Out) == 1 ? -128 : -32768),
                       (sizeof(Out) == 1 ? 127 : 32767), Shift>;

using Small = Window<Size<5, 7>, 5, 6, Size<3, 3>, One, Pad<1>>;

using Shapes = std::tuple<
    // The shapes of the MLPerf Tiny models (KWS, VWW, IC), spatially reduced where they are large.
    S8<Window<Size<49, 10>, 1, 64, Size<10, 4>, Size<2, 2>, Pads<4, 1, 5, 1>>, -128, -128>,
    S8<Window<Size<24, 24>, 3, 8, Size<3, 3>, Size<2, 2>, Pads<0, 0, 1, 1>>, -1, -128>,
    S8<Window<Size<8, 32>, 16, 16, Size<3, 3>, One, Pad<1>>>, S8<Window<Size<8, 8>, 64, 64, Size<3, 3>, One, Pad<1>>>,
    S8<Window<Size<16, 16>, 16, 32, One, Size<2, 2>>>, S8<Window<Size<1, 125>, 64, 64, One>, -128, -128>,
    // Channels and steps that are not multiples of the block.
    S8<Window<Size<5, 7>, 5, 1, Size<3, 3>, One, Pad<1>>>, S8<Window<Size<5, 7>, 5, 2, Size<3, 3>, One, Pad<1>>>,
    S8<Window<Size<5, 7>, 6, 3, Size<3, 3>, One, Pad<1>>>, S8<Window<Size<5, 13>, 7, 5, Size<3, 3>, One, Pad<1>>>,
    S8<Window<Size<5, 13>, 3, 6, Size<3, 3>, One, Pad<1>>>, S8<Window<Size<5, 13>, 1, 7, Size<3, 3>, One, Pad<1>>>,
    S8<Window<Size<1, 31>, 9, 10, One>>, S8<Window<Size<1, 17>, 11, 13, One>>, S8<Window<Size<1, 6>, 1, 5, One>>,
    // Batch, one dimension, width 1, kernel larger than the input, nothing but padding under some windows.
    S8<Window<Size<6, 6>, 4, 4, Size<3, 3>, One, Pad<1>, One, 1, 2>>,
    S8<Window<Size<1, 40>, 3, 6, Size<1, 9>, Size<1, 2>, Pads<0, 4, 0, 4>, One, 1, 3>>,
    S8<Window<Size<40, 1>, 3, 6, Size<9, 1>, Size<2, 1>, Pads<4, 0, 4, 0>>>,
    S8<Window<Size<1, 1>, 3, 4, Size<3, 3>, One, Pad<1>>>, S8<Window<Size<2, 2>, 3, 5, Size<7, 7>, Size<2, 2>, Pad<3>>>,
    S8<Window<Size<2, 2>, 3, 4, Size<2, 2>, One, Pad<4>>>, S8<Window<Size<11, 11>, 3, 4, Size<2, 2>, Size<3, 3>>>,
    // Asymmetric padding, dilation, groups.
    S8<Window<Size<7, 9>, 3, 8, Size<3, 4>, Size<1, 2>, Pads<0, 3, 2, 0>>>,
    S8<Window<Size<9, 12>, 3, 8, Size<3, 3>, One, Pad<2>, Size<2, 2>>>,
    S8<Window<Size<9, 12>, 4, 6, Size<3, 2>, Size<2, 3>, Pads<1, 0, 4, 3>, Size<3, 4>>>,
    S8<Window<Size<6, 9>, 8, 12, Size<3, 3>, One, Pad<1>, One, 2>>,
    S8<Window<Size<6, 9>, 6, 30, Size<3, 3>, Size<2, 2>, Pad<1>, One, 6>>,
    S8<Window<Size<1, 12>, 10, 15, One, One, Pad<0>, One, 5>>,
    // Activation, shifts, one multiplier, types.
    S8<Small, 5, -9, -9, 90>, S8<Small, -128, 127, -128, 127, 40>, S8<Small, 127, 0, -128, 127, 20>,
    S8<Small, 0, 0, -128, 127, 32, false>, S8<Small, 0, 0, -128, 127, 62>, Mixed<Small, int16_t, int8_t, int16_t>,
    Mixed<Small, int8_t, int16_t, int8_t>, Mixed<Small, int16_t, int16_t, int8_t, 40>, Mixed<Small, int8_t, int8_t, int32_t>,
    Mixed<Small, int8_t, int8_t, float>, Mixed<Small, int16_t, int8_t, float>>;

// Helium's layouts, which any machine reads.
constexpr netsuke::PackChoice kVectors{false, false, true};

// For cores without SIMD, with as many corrections as the weights need.
constexpr netsuke::PackChoice kTwoChannels{false, false, false, true, 0};

// Runs the kernel with the parameters K on one layout of P's weights.
template <class K, class P>
void check_layout(const Layer<P>& layer, const netsuke::PackedWeights& packed,
                  const std::vector<typename P::out_t>& expected) {
  const auto weights = stored_as<typename K::weight_t>(packed.values);
  const auto scales = kernel_scales<P>(layer.multipliers);
  GuardedOf<typename P::out_t> out(out_count<P>());
  netsuke::conv2d_s8<K>(layer.in.data(), weights.data(), layer.folded.data(), scales.data(), out.data());
  require_equal(out.checked(), expected);
}

TEMPLATE_LIST_TEST_CASE("conv2d_s8 equals the reference", "[conv2d][s8]", Shapes) {
  using P = TestType;
  const Layer<P> layer;
  const auto expected = conv2d_s8_reference<P>(layer.in, layer.weights, layer.bias, layer.multipliers);
  check_layout<P>(layer, netsuke::pack_conv2d_s8(layer.weights, layer.folded, conv_shape<P>(), {}), expected);
  const auto wide = netsuke::pack_conv2d_s8(layer.weights, layer.folded, conv_shape<P>(), {true, true});
  REQUIRE(wide.layout == netsuke::kLayoutWide);
  const auto vectors = netsuke::pack_conv2d_s8(layer.weights, layer.folded, conv_shape<P>(), kVectors);
  if (vectors.layout == netsuke::kLayoutVectors)
    check_layout<WithLayout<P, netsuke::kLayoutVectors, int8_t>>(layer, vectors, expected);
  using Wide = WithLayout<P, netsuke::kLayoutWide, int16_t>;
  check_layout<Wide>(layer, wide, expected);
  if constexpr (std::is_same_v<typename P::in_t, int8_t>) {
    const auto dual = netsuke::pack_conv2d_s8(layer.weights, layer.folded, conv_shape<P>(), kTwoChannels);
    REQUIRE((dual.layout == netsuke::kLayoutDual) == (P::group == 1));
    if (P::group == 1) check_layout<WithLayout<P, netsuke::kLayoutDual, int16_t>>(layer, dual, expected);
  }
  const auto folded = netsuke::pack_conv2d_s8(layer.weights, layer.folded, conv_shape<P>(), {true, false});
  if (folded.layout != netsuke::kLayoutFolded || sizeof(typename P::weight_t) != 1) return;
  using Folded = WithLayout<P, netsuke::kLayoutFolded, int8_t>;
  check_layout<Folded>(layer, folded, expected);
}

template <int Batch, int In, int Out>
using Dense = Window<One, In, Out, One, One, Pad<0>, One, 1, Batch>;

using DenseS8Cases =
    std::tuple<S8<Dense<1, 640, 128>, -128, -128>, S8<Dense<1, 8, 128>>, S8<Dense<1, 128, 8>>,
               S8<Dense<1, 16, 16>>, S8<Dense<1, 1, 1>>, S8<Dense<3, 65, 13>>, S8<Dense<7, 34, 6>>,
               Mixed<Dense<5, 30, 7>, int8_t, int8_t, float>,
               Mixed<Dense<2, 30, 7>, int16_t, int8_t, int16_t>,
               Mixed<Dense<2, 31, 7>, int8_t, int8_t, int32_t>>;

template <class K, class P>
void check_dense(const Layer<P>& layer, const netsuke::PackedWeights& packed) {
  const auto weights = stored_as<typename K::weight_t>(packed.values);
  const auto scales = kernel_scales<P>(layer.multipliers);
  GuardedOf<typename P::out_t> out(out_count<P>());
  netsuke::dense_s8<K>(layer.in.data(), weights.data(), layer.folded.data(), scales.data(), out.data());
  require_equal(out.checked(), conv2d_s8_reference<P>(layer.in, layer.weights, layer.bias, layer.multipliers));
}

TEMPLATE_LIST_TEST_CASE("dense_s8 equals the reference", "[dense][s8]", DenseS8Cases) {
  using P = TestType;
  const Layer<P> layer;
  check_dense<P>(layer, netsuke::pack_dense_s8(layer.weights, layer.folded, P::in_c, {}));
  check_dense<WithLayout<P, netsuke::kLayoutVectors, int8_t>>(
      layer, netsuke::pack_dense_s8(layer.weights, layer.folded, P::in_c, kVectors));
  if constexpr (std::is_same_v<typename P::in_t, int8_t>)
    check_dense<WithLayout<P, netsuke::kLayoutDual, int16_t>>(
        layer, netsuke::pack_dense_s8(layer.weights, layer.folded, P::in_c, kTwoChannels));
}

template <class In, int C, class Kernel, class Stride = One, class Padding = Pad<0>, class Dilation = One, int Batch = 1>
using Depthwise = Window<In, C, C, Kernel, Stride, Padding, Dilation, C, Batch>;

using DepthwiseS8Cases =
    std::tuple<S8<Depthwise<Size<25, 5>, 64, Size<3, 3>, One, Pad<1>>, -128, -128>,
               S8<Depthwise<Size<12, 48>, 6, Size<3, 3>, One, Pad<1>>, -128, -128>,
               S8<Depthwise<Size<13, 24>, 10, Size<3, 3>, Size<2, 2>, Pads<0, 0, 1, 1>>>,
               S8<Depthwise<Size<3, 3>, 57, Size<3, 3>, One, Pad<1>>>,
               S8<Depthwise<Size<12, 12>, 5, Size<3, 3>, Size<2, 2>, Pad<1>>>,
               S8<Depthwise<Size<9, 40>, 4, Size<5, 5>, One, Pad<2>>>,
               S8<Depthwise<Size<9, 9>, 3, Size<1, 7>>>,
               S8<Depthwise<Size<9, 20>, 3, Size<3, 3>, One, Pad<2>, Size<2, 2>, 2>>,
               S8<Depthwise<Size<2, 2>, 3, Size<3, 3>, One, Pad<1>>, 5, -9, -9, 50>,
               S8<Depthwise<Size<1, 1>, 8, Size<3, 3>, One, Pad<1>>, 5, -9, -9, 50, 40, false>,
               Mixed<Depthwise<Size<6, 7>, 5, Size<3, 3>, One, Pad<1>>, int16_t, int8_t, int16_t>,
               Mixed<Depthwise<Size<6, 7>, 5, Size<3, 3>, One, Pad<1>>, int8_t, int8_t, int32_t>,
               Mixed<Depthwise<Size<6, 7>, 5, Size<3, 3>, One, Pad<1>>, int8_t, int16_t, float>>;

template <class K, class P>
void check_depthwise(const Layer<P>& layer, const netsuke::PackedWeights& packed) {
  const auto weights = stored_as<typename K::weight_t>(packed.values);
  const auto scales = kernel_scales<P>(layer.multipliers);
  GuardedOf<typename P::out_t> out(out_count<P>());
  netsuke::depthwise_s8<K>(layer.in.data(), weights.data(), layer.folded.data(), scales.data(), out.data());
  require_equal(out.checked(), conv2d_s8_reference<P>(layer.in, layer.weights, layer.bias, layer.multipliers));
}

TEMPLATE_LIST_TEST_CASE("depthwise_s8 equals the reference", "[depthwise][s8]", DepthwiseS8Cases) {
  using P = TestType;
  const Layer<P> layer;
  check_depthwise<P>(layer, netsuke::pack_depthwise_s8(layer.weights, conv_shape<P>(), {}));
  const auto windows = netsuke::pack_depthwise_s8(layer.weights, conv_shape<P>(), kVectors);
  if (windows.layout == netsuke::kLayoutWindows)
    check_depthwise<WithLayout<P, netsuke::kLayoutWindows, int8_t>>(layer, windows);
}

using Pointwise = S8<Window<Size<1, 31>, 9, 7, One>>;

template <class K>
void check_in_place(const Layer<Pointwise>& layer, const netsuke::PackChoice& choice) {
  const auto packed = netsuke::pack_conv2d_s8(layer.weights, layer.folded, conv_shape<K>(), choice);
  const auto weights = stored_as<int8_t>(packed.values);
  auto memory = layer.in;
  netsuke::conv2d_s8<K>(memory.data(), weights.data(), layer.folded.data(), layer.multipliers.data(), memory.data());
  memory.resize(static_cast<std::size_t>(out_count<K>()));
  require_equal(memory, conv2d_s8_reference<Pointwise>(layer.in, layer.weights, layer.bias, layer.multipliers));
}

TEST_CASE("A pointwise convolution runs in place", "[conv2d][s8]") {
  const Layer<Pointwise> layer;
  check_in_place<Pointwise>(layer, {});
  check_in_place<WithLayout<Pointwise, netsuke::kLayoutVectors, int8_t>>(layer, kVectors);
}

TEST_CASE("Weights that break a bound are not folded", "[pack][s8]") {
  const Ints32 bias{0, 0};
  const netsuke::PackChoice choice{true, false};
  REQUIRE(netsuke::pack_dense_s8(Weights16{1, 2, 3, 4}, bias, 2, choice).layout == netsuke::kLayoutFolded);
  REQUIRE(netsuke::pack_dense_s8(Weights16{1, 2, 3, -128}, bias, 2, choice).layout == netsuke::kLayoutPlain);
  REQUIRE(netsuke::pack_dense_s8(Weights16{1, 2, 3, 4}, Ints32{0, 1 << 23}, 2, choice).layout == netsuke::kLayoutPlain);
  const auto nine_bits = netsuke::pack_dense_s8(Weights16{1, 2, 3, 200}, bias, 2, choice);
  REQUIRE(nine_bits.layout == netsuke::kLayoutPlain);
  REQUIRE(nine_bits.wide);
}

// A dense layer of 4 channels: all inputs that are -128 or 127.
template <int In>
void check_dual_edges(const Weights16& weights) {
  using P = WithLayout<Mixed<Dense<1, In, 4>, int8_t, int8_t, int32_t>, netsuke::kLayoutDual, int16_t>;
  const Ints32 bias{-1000000, 5, 0, 70000}, scales(4, 0);
  const auto packed = netsuke::pack_dense_s8(weights, bias, In, kTwoChannels);
  REQUIRE(packed.layout == netsuke::kLayoutDual);
  for (unsigned highest = 0; highest < (1u << In); ++highest) {
    std::vector<int8_t> in(In);
    for (unsigned k = 0; k < In; ++k) in[k] = (highest >> k) % 2 != 0 ? 127 : -128;
    Ints32 expected = bias, out(4);
    for (std::size_t i = 0; i < weights.size(); ++i) expected[i / In] += in[i % In] * weights[i];
    netsuke::dense_s8<P>(in.data(), packed.values.data(), bias.data(), scales.data(), out.data());
    require_equal(out, expected);
  }
}

TEST_CASE("Groups at the edge of 16 bits, and beyond it", "[dense][s8]") {
  // 255 * -128 is the lowest value, 258 * 127 the highest.
  check_dual_edges<4>({64, 64, 64, 63, -64, -64, -63, -64, 127, 1, 126, 1, -127, -1, -126, -1});
  check_dual_edges<4>({64, 64, 64, 64, -64, -64, -65, -65, 127, 2, 127, 1, -128, -128, 0, 0});
  check_dual_edges<4>({-128, -128, -128, -128, 127, 127, 127, 127, -128, -128, -128, -128, 127, 127, 127, 127});
  check_dual_edges<6>({127, -128, 127, -128, 127, -128, -128, 127, -128, 127, -128, 127,
                       -128, -128, -128, -128, -128, -128, 127, 127, 127, 127, 127, 127});
}

TEST_CASE("Weights that need too many corrections, or none, choose the layout", "[pack][s8]") {
  const Ints32 bias(4, 0);
  const netsuke::PackChoice choice{false, false, false, true};
  const auto layout_of = [&](int16_t weight) { return netsuke::pack_dense_s8(Weights16(32, weight), bias, 8, choice).layout; };
  REQUIRE(layout_of(63) == netsuke::kLayoutDual);
  REQUIRE(layout_of(100) == netsuke::kLayoutPlain);
  REQUIRE(netsuke::pack_dense_s8(Weights16(32, 100), bias, 8, kTwoChannels).layout == netsuke::kLayoutDual);
  REQUIRE(netsuke::pack_dense_s8(Weights16(32, 200), bias, 8, kTwoChannels).layout == netsuke::kLayoutPlain);
  REQUIRE(netsuke::pack_conv2d_s8(Weights16(32, 1), bias, {4, 16, 1, 1, 2}, choice).layout == netsuke::kLayoutPlain);
}

}  // namespace
