#include "netsuke/pointwise_inplace_f32.hpp"
#include "support.hpp"

namespace {
using namespace kernel_tests;

using PointwiseShapes = std::tuple<Window<Size<1, 125>, 64, 64, One, One, Pad<0>, One, 1, 1, kRelu>,
                                   Window<Size<1, 36>, 128, 57, One>, Window<Size<1, 9>, 600, 10, One>,
                                   Window<Size<5, 7>, 9, 9, One, One, Pad<0>, One, 1, 2, kNoBias>,
                                   Window<Size<1, 1>, 8, 3, One>, Window<Size<1, 17>, 3, 1, One>>;

TEMPLATE_LIST_TEST_CASE("pointwise_inplace_f32 in place equals conv2d_f32 bit for bit", "[pointwise]",
                        PointwiseShapes) {
  using P = TestType;
  const Floats in = random_floats(in_count<P>(), 1);
  const Floats bias = P::has_bias ? random_floats(P::out_c, 2) : Floats();
  const Floats packed = random_floats(std::int64_t{P::out_c} * P::in_c, 3);
  const float* const b = P::has_bias ? bias.data() : nullptr;
  Guarded expected(out_count<P>()), apart(out_count<P>()), arena(in_count<P>());
  netsuke::conv2d_f32<P>(in.data(), packed.data(), b, expected.data());
  netsuke::pointwise_inplace_f32<P>(in.data(), packed.data(), b, apart.data());
  CHECK(apart.checked() == expected.checked());
  std::copy(in.begin(), in.end(), arena.data());
  netsuke::pointwise_inplace_f32<P>(arena.data(), packed.data(), b, arena.data());
  Floats in_place = arena.checked();
  in_place.resize(static_cast<std::size_t>(out_count<P>()));
  CHECK(in_place == expected.checked());
}

}  // namespace
