#include "netsuke/depthwise_f32.hpp"
#include "support.hpp"

namespace {
using namespace kernel_tests;

template <class In, int C, class Kernel, class Stride = One, class Padding = Pad<0>, class Dilation = One,
          int Batch = 1, int Flags = kPlain>
using Depthwise = Window<In, C, C, Kernel, Stride, Padding, Dilation, C, Batch, Flags>;

using DepthwiseShapes =
    std::tuple<Depthwise<Size<25, 5>, 64, Size<3, 3>, One, Pad<1>, One, 1, kRelu>,
               Depthwise<Size<12, 48>, 8, Size<3, 3>, One, Pad<1>, One, 1, kRelu>,
               Depthwise<Size<24, 24>, 5, Size<3, 3>, Size<2, 2>, Pads<0, 0, 1, 1>, One, 1, kRelu>,
               Depthwise<Size<6, 6>, 16, Size<3, 3>, Size<2, 2>, Pads<0, 0, 1, 1>>,
               Depthwise<Size<3, 3>, 16, Size<3, 3>, One, Pad<1>>,
               Depthwise<Size<9, 13>, 3, Size<3, 3>, Size<2, 2>, Pad<1>>,
               Depthwise<Size<9, 14>, 3, Size<3, 3>>, Depthwise<Size<9, 31>, 3, Size<5, 5>, One, Pad<2>>,
               Depthwise<Size<9, 30>, 3, Size<5, 5>, Size<2, 2>, Pads<1, 2, 2, 1>>,
               Depthwise<Size<6, 6>, 4, Size<3, 3>, One, Pad<1>, One, 2, kNoBias>,
               Depthwise<Size<1, 40>, 3, Size<1, 9>, Size<1, 2>, Pads<0, 4, 0, 4>>,
               Depthwise<Size<40, 1>, 3, Size<9, 1>, Size<2, 1>, Pads<4, 0, 4, 0>>,
               Depthwise<Size<1, 80>, 2, Size<1, 31>, One, Pads<0, 15, 0, 15>>,
               Depthwise<Size<4, 1>, 3, Size<3, 3>, One, Pad<1>>, Depthwise<One, 3, Size<3, 3>, One, Pad<1>>,
               Depthwise<Size<2, 2>, 3, Size<7, 7>, Size<2, 2>, Pad<3>>,
               Depthwise<Size<25, 5>, 4, Size<25, 5>>, Depthwise<Size<11, 11>, 3, Size<2, 2>, Size<3, 3>>,
               Depthwise<Size<2, 2>, 3, Size<2, 2>, One, Pad<4>>,
               Depthwise<Size<9, 12>, 3, Size<3, 3>, One, Pad<2>, Size<2, 2>>,
               Depthwise<Size<9, 12>, 2, Size<3, 2>, Size<2, 3>, Pads<1, 0, 4, 3>, Size<3, 4>>,
               Depthwise<Size<7, 9>, 3, Size<3, 4>, Size<1, 2>, Pads<0, 3, 2, 0>>,
               Depthwise<Size<5, 5>, 3, One, Size<2, 2>>>;

TEMPLATE_LIST_TEST_CASE("depthwise_f32 equals the reference", "[depthwise]", DepthwiseShapes) {
  using P = TestType;
  const Floats in = random_floats(in_count<P>(), 1);
  const Floats bias = P::has_bias ? random_floats(P::out_c, 2) : Floats();
  const Floats weights = random_floats(std::int64_t{P::out_c} * P::kernel_h * P::kernel_w, 3);
  const Floats packed = netsuke::pack_depthwise(weights, conv_shape<P>());
  Guarded out(out_count<P>());
  netsuke::depthwise_f32<P>(in.data(), packed.data(), P::has_bias ? bias.data() : nullptr, out.data());
  require_close(out.checked(), conv2d_reference<P>(in, weights, bias));
}

}  // namespace
