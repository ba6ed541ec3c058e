#include "netsuke/conv_transpose2d_f32.hpp"
#include "support.hpp"

namespace {
using namespace kernel_tests;

// Padding holds the ONNX pads, Extra the output_padding.
template <class In, int InC, int OutC, class Kernel, class Stride = One, class Padding = Pad<0>,
          class Dilation = One, int Group = 1, class More = Size<0, 0>, int Batch = 1, int Flags = kPlain>
struct Transpose {
  static constexpr std::int32_t batch = Batch, in_h = In::h, in_w = In::w, in_c = InC, out_c = OutC;
  static constexpr std::int32_t kernel_h = Kernel::h, kernel_w = Kernel::w;
  static constexpr std::int32_t stride_h = Stride::h, stride_w = Stride::w;
  static constexpr std::int32_t pad_top = Padding::top, pad_left = Padding::left;
  static constexpr std::int32_t dilation_h = Dilation::h, dilation_w = Dilation::w, group = Group;
  static constexpr bool has_bias = (Flags & kNoBias) == 0;
  static constexpr std::int32_t out_h =
      Stride::h * (In::h - 1) + More::h + (Kernel::h - 1) * Dilation::h + 1 - Padding::top - Padding::bottom;
  static constexpr std::int32_t out_w =
      Stride::w * (In::w - 1) + More::w + (Kernel::w - 1) * Dilation::w + 1 - Padding::left - Padding::right;
  static float act(float x) { return (Flags & kRelu) != 0 ? netsuke::relu(x) : x; }
};

// As ONNX defines it, from the input's side: every input is spread over the outputs that it reaches.
template <class P>
Doubles transpose_reference(const Floats& in, const Floats& weights, const Floats& bias) {
  constexpr int kIn = P::in_c / P::group, kOut = P::out_c / P::group;
  Doubles out = for_outputs<P>([&](int, int, int, int o) {
    return P::has_bias ? static_cast<double>(bias[static_cast<std::size_t>(o)]) : 0.0;
  });
  const auto spread = [&](int b, int iy, int ix, int i, int ky, int kx) {
    const int y = iy * P::stride_h - P::pad_top + ky * P::dilation_h;
    const int x = ix * P::stride_w - P::pad_left + kx * P::dilation_w;
    if (y < 0 || x < 0 || y >= P::out_h || x >= P::out_w) return;
    for (int o = 0; o < kOut; ++o) {
      const int w = ((i * kOut + o) * P::kernel_h + ky) * P::kernel_w + kx;
      const int to = ((b * P::out_h + y) * P::out_w + x) * P::out_c + i / kIn * kOut + o;
      out[static_cast<std::size_t>(to)] +=
          at<P>(in, b, iy, ix, i) * static_cast<double>(weights[static_cast<std::size_t>(w)]);
    }
  };
  for (int flat = 0; flat < P::batch * P::in_h * P::in_w * P::in_c; ++flat) {
    const int pixel = flat / P::in_c;
    for (int k = 0; k < P::kernel_h * P::kernel_w; ++k) {
      spread(pixel / (P::in_h * P::in_w), pixel / P::in_w % P::in_h, pixel % P::in_w, flat % P::in_c,
             k / P::kernel_w, k % P::kernel_w);
    }
  }
  for (double& y : out) y = static_cast<double>(P::act(static_cast<float>(y)));
  return out;
}

using TransposeShapes =
    std::tuple<Transpose<Size<4, 5>, 3, 4, Size<3, 3>>, Transpose<Size<8, 9>, 8, 6, Size<2, 2>, Size<2, 2>>,
               Transpose<Size<7, 12>, 5, 7, Size<4, 4>, Size<2, 2>, Pad<1>, One, 1, Size<0, 0>, 1, kRelu>,
               Transpose<Size<5, 9>, 4, 9, Size<3, 3>, Size<2, 2>, Pad<1>, One, 1, Size<1, 1>>,
               Transpose<Size<5, 6>, 3, 2, Size<2, 3>, Size<3, 5>, Pads<0, 1, 1, 0>, One, 1, Size<2, 1>>,
               Transpose<Size<5, 11>, 2, 5, Size<3, 3>, Size<2, 3>, Pads<2, 1, 0, 3>, Size<2, 3>>,
               Transpose<Size<1, 20>, 4, 3, Size<1, 5>, Size<1, 2>, Pads<0, 2, 0, 2>, One, 1, Size<0, 1>, 2>,
               Transpose<Size<4, 4>, 6, 8, Size<3, 3>, Size<2, 2>, Pad<0>, One, 2, Size<0, 0>, 1, kNoBias>,
               Transpose<Size<4, 4>, 6, 6, Size<3, 3>, Size<2, 2>, Pad<1>, One, 6>,
               Transpose<Size<1, 1>, 3, 4, Size<3, 3>>, Transpose<Size<6, 1>, 3, 4, Size<3, 1>, Size<2, 1>>,
               Transpose<Size<2, 3>, 3, 4, Size<7, 21>, One, Pads<3, 9, 3, 9>>>;

TEMPLATE_LIST_TEST_CASE("conv_transpose2d_f32 equals the reference", "[conv_transpose2d]", TransposeShapes) {
  using P = TestType;
  const Floats in = random_floats(in_count<P>(), 1);
  const Floats bias = P::has_bias ? random_floats(P::out_c, 2) : Floats();
  const Floats weights =
      random_floats(std::int64_t{P::in_c} * (P::out_c / P::group) * P::kernel_h * P::kernel_w, 3);
  const Floats packed = netsuke::pack_conv_transpose2d(weights, conv_shape<P>());
  REQUIRE(packed.size() == weights.size());
  Guarded out(out_count<P>());
  netsuke::conv_transpose2d_f32<P>(in.data(), packed.data(), P::has_bias ? bias.data() : nullptr, out.data());
  require_close(out.checked(), transpose_reference<P>(in, weights, bias));
}

}  // namespace
