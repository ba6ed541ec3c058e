#include "netsuke/conv2d_f32.hpp"
#include "support.hpp"

namespace {
using namespace kernel_tests;

using Conv2dShapes = std::tuple<
    // The shapes of the MLPerf Tiny models (KWS, VWW, IC), spatially reduced where they are large.
    Window<Size<49, 10>, 1, 64, Size<10, 4>, Size<2, 2>, Pads<4, 1, 5, 1>, One, 1, 1, kRelu>,
    Window<Size<24, 24>, 3, 8, Size<3, 3>, Size<2, 2>, Pads<0, 0, 1, 1>, One, 1, 1, kRelu>,
    Window<Size<8, 32>, 16, 16, Size<3, 3>, One, Pad<1>>, Window<Size<8, 8>, 64, 64, Size<3, 3>, One, Pad<1>>,
    Window<Size<16, 16>, 16, 32, One, Size<2, 2>>,
    Window<Size<1, 125>, 64, 64, One, One, Pad<0>, One, 1, 1, kRelu>,
    // Output channels that are not multiples of the block: every width of the last block.
    Window<Size<5, 7>, 5, 1, Size<3, 3>, One, Pad<1>>, Window<Size<5, 7>, 5, 2, Size<3, 3>, One, Pad<1>>,
    Window<Size<5, 7>, 6, 3, Size<3, 3>, One, Pad<1>>, Window<Size<5, 13>, 7, 5, Size<3, 3>, One, Pad<1>>,
    Window<Size<5, 13>, 3, 6, Size<3, 3>, One, Pad<1>>, Window<Size<5, 13>, 1, 7, Size<3, 3>, One, Pad<1>>,
    Window<Size<5, 13>, 2, 9, Size<3, 3>, One, Pad<1>>, Window<Size<1, 31>, 9, 10, One>,
    Window<Size<1, 17>, 11, 13, One>,
    // No bias, batch, one dimension, width 1.
    Window<Size<6, 6>, 4, 4, Size<3, 3>, One, Pad<1>, One, 1, 2, kNoBias>,
    Window<Size<1, 40>, 3, 6, Size<1, 9>, Size<1, 2>, Pads<0, 4, 0, 4>, One, 1, 3, kRelu>,
    Window<Size<40, 1>, 3, 6, Size<9, 1>, Size<2, 1>, Pads<4, 0, 4, 0>>,
    Window<Size<4, 1>, 3, 4, Size<3, 3>, One, Pad<1>>, Window<Size<1, 1>, 3, 4, Size<3, 3>, One, Pad<1>>,
    // The kernel is larger than the input, or the stride than the kernel.
    Window<Size<3, 3>, 2, 4, Size<5, 5>, One, Pad<2>>,
    Window<Size<2, 2>, 3, 5, Size<7, 7>, Size<2, 2>, Pad<3>>,
    Window<Size<11, 11>, 3, 4, Size<2, 2>, Size<3, 3>>,
    Window<Size<9, 14>, 3, 4, Size<1, 1>, Size<3, 2>, Pads<1, 1, 0, 2>>,
    // Some windows see nothing but padding.
    Window<Size<2, 2>, 3, 4, Size<2, 2>, One, Pad<4>>,
    // Asymmetric padding, stride, dilation.
    Window<Size<7, 9>, 3, 8, Size<3, 4>, Size<1, 2>, Pads<0, 3, 2, 0>>,
    Window<Size<9, 12>, 3, 8, Size<3, 3>, One, Pad<2>, Size<2, 2>>,
    Window<Size<9, 12>, 4, 6, Size<3, 2>, Size<2, 3>, Pads<1, 0, 4, 3>, Size<3, 4>>,
    Window<Size<4, 4>, 4, 6, Size<3, 3>, One, Pad<5>, Size<5, 5>>,
    // Groups: several channels each, a multiplier, one channel each.
    Window<Size<6, 9>, 8, 12, Size<3, 3>, One, Pad<1>, One, 2>,
    Window<Size<6, 9>, 6, 30, Size<3, 3>, Size<2, 2>, Pad<1>, One, 6>,
    Window<Size<6, 9>, 6, 6, Size<3, 3>, One, Pad<1>, Size<2, 2>, 6, 2, kRelu>,
    Window<Size<1, 12>, 10, 15, One, One, Pad<0>, One, 5, 1, kNoBias>>;

TEMPLATE_LIST_TEST_CASE("conv2d_f32 equals the reference", "[conv2d]", Conv2dShapes) {
  using P = TestType;
  const Floats in = random_floats(in_count<P>(), 1);
  const Floats bias = P::has_bias ? random_floats(P::out_c, 2) : Floats();
  const Floats weights =
      random_floats(std::int64_t{P::out_c} * (P::in_c / P::group) * P::kernel_h * P::kernel_w, 3);
  const Floats packed = netsuke::pack_conv2d(weights, conv_shape<P>());
  REQUIRE(packed.size() == weights.size());
  Guarded out(out_count<P>());
  netsuke::conv2d_f32<P>(in.data(), packed.data(), P::has_bias ? bias.data() : nullptr, out.data());
  require_close(out.checked(), conv2d_reference<P>(in, weights, bias));
}

}  // namespace
