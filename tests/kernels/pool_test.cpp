#include <limits>

#include "netsuke/pool_f32.hpp"
#include "support.hpp"

namespace {
using namespace kernel_tests;

template <class In, int C, class Kernel, class Stride = One, class Padding = Pad<0>, int Flags = kPlain,
          class Dilation = One, int Batch = 1>
using Pool = Window<In, C, C, Kernel, Stride, Padding, Dilation, C, Batch, Flags>;

// Calls f(value) for every tap of the window that lies inside; returns how many positions of the window lie
// inside the input and its explicit padding.
template <class P, class F>
int for_window(const Floats& in, int b, int y, int x, int c, const F& f) {
  int padded = 0;
  for (int ky = 0; ky < P::kernel_h; ++ky) {
    for (int kx = 0; kx < P::kernel_w; ++kx) {
      const int iy = y * P::stride_h - P::pad_top + ky * P::dilation_h;
      const int ix = x * P::stride_w - P::pad_left + kx * P::dilation_w;
      if (iy < P::in_h + P::pad_bottom && ix < P::in_w + P::pad_right) ++padded;
      if (iy >= 0 && ix >= 0 && iy < P::in_h && ix < P::in_w) f(at<P>(in, b, iy, ix, c));
    }
  }
  return padded;
}

using PoolShapes =
    std::tuple<Pool<Size<8, 8>, 5, Size<2, 2>, Size<2, 2>>,
               Pool<Size<9, 7>, 3, Size<3, 3>, Size<2, 2>, Pad<1>>, Pool<Size<25, 5>, 4, Size<25, 5>>,
               Pool<Size<1, 30>, 3, Size<1, 4>, Size<1, 3>>,
               Pool<Size<7, 8>, 2, Size<3, 3>, Size<2, 2>, Pad<1>, kCountPad>,
               Pool<Size<7, 8>, 2, Size<3, 3>, Size<2, 2>, Pad<0>, kCeil>,
               Pool<Size<7, 8>, 2, Size<3, 3>, Size<2, 2>, Pads<1, 0, 0, 1>, kCeil + kCountPad>,
               Pool<Size<6, 6>, 2, Size<4, 4>, Size<3, 3>, Pads<0, 1, 2, 0>, kCeil + kCountPad>,
               Pool<Size<9, 9>, 2, Size<3, 2>, Size<1, 2>, Pad<1>, kCountPad, Size<2, 3>>,
               Pool<Size<9, 9>, 2, Size<3, 2>, Size<1, 2>, Pad<1>, kRelu, Size<2, 3>, 2>,
               Pool<Size<2, 2>, 3, Size<5, 5>, One, Pad<2>>, Pool<Size<4, 1>, 1, Size<2, 1>, Size<3, 1>>>;

TEMPLATE_LIST_TEST_CASE("max_pool2d_f32 equals the reference", "[pool]", PoolShapes) {
  using P = TestType;
  const Floats in = random_floats(in_count<P>(), 1);
  Guarded out(out_count<P>());
  netsuke::max_pool2d_f32<P>(in.data(), out.data());
  const Doubles expected = for_outputs<P>([&](int b, int y, int x, int c) {
    double best = -std::numeric_limits<double>::infinity();
    for_window<P>(in, b, y, x, c, [&](double value) { best = std::max(best, value); });
    return static_cast<double>(P::act(static_cast<float>(best)));
  });
  require_close(out.checked(), expected, 0.0);
}

TEMPLATE_LIST_TEST_CASE("avg_pool2d_f32 equals the reference", "[pool]", PoolShapes) {
  using P = TestType;
  const Floats in = random_floats(in_count<P>(), 1);
  Guarded out(out_count<P>());
  netsuke::avg_pool2d_f32<P>(in.data(), out.data());
  const Doubles expected = for_outputs<P>([&](int b, int y, int x, int c) {
    double sum = 0.0;
    int inside = 0;
    const int padded = for_window<P>(in, b, y, x, c, [&](double value) {
      sum += value;
      ++inside;
    });
    return static_cast<double>(P::act(static_cast<float>(sum / (P::count_include_pad ? padded : inside))));
  });
  require_close(out.checked(), expected, 1e-6);
}

TEMPLATE_TEST_CASE("global pools equal the reference", "[pool]", (Pool<Size<8, 8>, 64, Size<8, 8>>),
                   (Pool<Size<25, 5>, 3, Size<25, 5>, One, Pad<0>, kRelu, One, 2>), (Pool<One, 7, One>)) {
  using P = TestType;
  const Floats in = random_floats(in_count<P>(), 1);
  Guarded max(out_count<P>()), avg(out_count<P>());
  netsuke::global_max_pool_f32<P>(in.data(), max.data());
  netsuke::global_avg_pool_f32<P>(in.data(), avg.data());
  const Doubles expected_max = for_outputs<P>([&](int b, int y, int x, int c) {
    double best = -2.0;
    for_window<P>(in, b, y, x, c, [&](double value) { best = std::max(best, value); });
    return static_cast<double>(P::act(static_cast<float>(best)));
  });
  const Doubles expected_avg = for_outputs<P>([&](int b, int y, int x, int c) {
    double sum = 0.0;
    for_window<P>(in, b, y, x, c, [&](double value) { sum += value; });
    return static_cast<double>(P::act(static_cast<float>(sum / (P::in_h * P::in_w))));
  });
  require_close(max.checked(), expected_max, 0.0);
  require_close(avg.checked(), expected_avg, 1e-6);
}

}  // namespace
