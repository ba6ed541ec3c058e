// Integer kernels other than convolutions, dense layers and pools.
#include <limits>

#include "netsuke/binary_s8.hpp"
#include "netsuke/conv_transpose2d_s8.hpp"
#include "netsuke/matmul_s8.hpp"
#include "netsuke/quantize.hpp"
#include "netsuke/requantize_s8.hpp"
#include "netsuke/softmax_s8.hpp"
#include "netsuke/table_s8.hpp"
#include "s8_support.hpp"

namespace {
using namespace kernel_tests;
using std::int16_t;
using std::int32_t;
using std::int64_t;
using std::int8_t;
using std::uint8_t;
using Bytes = std::vector<int8_t>;

template <int Rows, int Columns, class AStrides, class BStrides, class Type = int8_t>
struct Binary {
  using A = Type;
  using B = Type;
  using T = Type;
  using dims = netsuke::Ints<Rows, Columns>;
  using a_strides = AStrides;
  using b_strides = BStrides;
  static constexpr int32_t rows = Rows, columns = Columns;
  static constexpr bool a_rom = false, b_rom = false;
  static constexpr int32_t a_zero = -12, b_zero = 30, out_zero = 4, out_min = -110, out_max = 127;
  static constexpr int32_t multiplier = 1 << 25, shift = 20, a_multiplier = 700001, b_multiplier = -400003;
  static constexpr int32_t offset =
      (out_zero << shift) + (1 << (shift - 1)) - a_zero * a_multiplier - b_zero * b_multiplier;
};
// mul has a shift of its own.
template <class P>
struct Multiplied : P {
  static constexpr int32_t shift = 32;
};

template <class P, class F>
void check_binary(const F& kernel, int64_t (*meaning)(int64_t, int64_t)) {
  const Bytes a = random_values<int8_t>(P::rows * P::columns, 8), b = random_values<int8_t>(P::rows * P::columns, 9);
  GuardedOf<int8_t> out(P::rows * P::columns);
  kernel(a.data(), b.data(), out.data());
  const auto at = [](const Bytes& x, auto strides, int row, int column) {
    const auto offset = [&]<int... S>(netsuke::Ints<S...>*) {
      const int s[] = {S...};
      return static_cast<std::size_t>(row * s[0] + column * s[1]);
    }(strides);
    return int64_t{x[offset]};
  };
  Bytes expected;
  for (int row = 0; row < P::rows; ++row) {
    for (int column = 0; column < P::columns; ++column) {
      const int64_t y = meaning(at(a, static_cast<typename P::a_strides*>(nullptr), row, column),
                                at(b, static_cast<typename P::b_strides*>(nullptr), row, column));
      expected.push_back(static_cast<int8_t>(std::clamp<int64_t>(y, P::out_min, P::out_max)));
    }
  }
  require_equal(out.checked(), expected);
}

using AddS8Cases =
    std::tuple<Binary<9, 37, netsuke::Ints<37, 1>, netsuke::Ints<37, 1>>,
               Binary<9, 37, netsuke::Ints<37, 1>, netsuke::Ints<0, 1>>,
               Binary<9, 37, netsuke::Ints<37, 1>, netsuke::Ints<0, 0>>,
               Binary<5, 4, netsuke::Ints<0, 1>, netsuke::Ints<4, 1>>>;

TEMPLATE_LIST_TEST_CASE("add_s8, mul_s8, min_s8 and max_s8 equal the reference", "[binary][s8]", AddS8Cases) {
  using P = TestType;
  check_binary<P>(netsuke::add_s8<P>, [](int64_t a, int64_t b) {
    const int64_t sum = (a - P::a_zero) * P::a_multiplier + (b - P::b_zero) * P::b_multiplier;
    return floor_shift(sum + (1 << (P::shift - 1)), P::shift) + P::out_zero;
  });
  check_binary<P>(netsuke::mul_s8<Multiplied<P>>, [](int64_t a, int64_t b) {
    return reference_round((a - P::a_zero) * (b - P::b_zero), P::multiplier, 32) + P::out_zero;
  });
  check_binary<P>(netsuke::min_s8<P>, [](int64_t a, int64_t b) { return std::min(a, b); });
  check_binary<P>(netsuke::max_s8<P>, [](int64_t a, int64_t b) { return std::max(a, b); });
}

template <class In, class Out, int Multiplier, int Offset, int Shift, int Min, int Max>
struct Requantize {
  using in_t = In;
  using out_t = Out;
  static constexpr int32_t count = 300, multiplier = Multiplier, offset = Offset, shift = Shift;
  static constexpr int32_t out_min = Min, out_max = Max;
};

using RequantizeS8Cases =
    std::tuple<Requantize<int8_t, int8_t, 1234567, 54321, 20, -128, 127>,
               Requantize<uint8_t, int8_t, 1, -128, 0, -128, 127>,
               Requantize<int8_t, uint8_t, 1, 128, 0, 0, 255>,
               Requantize<int8_t, int16_t, 200001, 54321, 10, -32768, 20000>,
               Requantize<int16_t, int8_t, 4001, 54321, 16, -100, 127>>;

TEMPLATE_LIST_TEST_CASE("requantize_s8 equals the reference", "[s8]", RequantizeS8Cases) {
  using P = TestType;
  const auto in = random_values<typename P::in_t>(P::count, 4);
  GuardedOf<typename P::out_t> out(P::count);
  netsuke::requantize_s8<P>(in.data(), out.data());
  std::vector<typename P::out_t> expected;
  for (int64_t x : in) {
    const int64_t y = floor_shift(x * P::multiplier + P::offset, P::shift);
    expected.push_back(static_cast<typename P::out_t>(std::clamp<int64_t>(y, P::out_min, P::out_max)));
  }
  require_equal(out.checked(), expected);
}

struct Table {
  using out_t = int8_t;
  static constexpr int32_t count = 300;
};

TEST_CASE("table_s8 looks every value up", "[s8]") {
  using P = Table;
  const Bytes table = random_values<int8_t>(256, 1), in = random_values<int8_t>(P::count, 2);
  GuardedOf<int8_t> out(P::count);
  netsuke::table_s8<P>(in.data(), table.data(), out.data());
  Bytes expected;
  for (int8_t x : in) expected.push_back(table[static_cast<std::size_t>(x + 128)]);
  require_equal(out.checked(), expected);
}

template <int Outer, int Axis, int Inner, int Numerator, int Fraction, class Out, int Zero, int Min, int Max>
struct Softmax {
  using out_t = Out;
  static constexpr int32_t outer = Outer, axis = Axis, inner = Inner, numerator = Numerator, fraction_bits = Fraction;
  static constexpr int32_t out_zero = Zero, out_min = Min, out_max = Max;
};

using SoftmaxS8Cases =
    std::tuple<Softmax<1, 12, 1, 256, 0, int8_t, -128, -128, 127>,
               Softmax<3, 5, 7, 256, 0, int8_t, -128, -128, 127>,
               Softmax<2, 1, 3, 256, 0, int8_t, -128, -128, 127>,
               Softmax<1, 1000, 1, 256, 0, int8_t, -128, -128, 127>,
               Softmax<4, 10, 1, 15000000, 16, int8_t, -128, -128, 127>,
               Softmax<4, 10, 1, 32768, 0, int16_t, 0, -32768, 32767>>;

TEMPLATE_LIST_TEST_CASE("softmax_s8 equals the reference", "[softmax][s8]", SoftmaxS8Cases) {
  using P = TestType;
  const Bytes in = random_integers<int8_t>(int64_t{P::outer} * P::axis * P::inner, 3, -60, 60);
  const int bits = std::min(23, 31 - static_cast<int>(std::ceil(std::log2(P::axis))));
  std::vector<std::uint32_t> table;
  for (int d = 0; d < 256; ++d)
    table.push_back(static_cast<std::uint32_t>(std::llround(std::exp(-0.1 * d) * std::ldexp(1.0, bits))));
  GuardedOf<typename P::out_t> out(static_cast<int64_t>(in.size()));
  netsuke::softmax_s8<P>(in.data(), table.data(), out.data());
  std::vector<typename P::out_t> expected(in.size());
  for (std::size_t o = 0; o < P::outer; ++o) {
    for (std::size_t i = 0; i < P::inner; ++i) {
      const auto index = [&](std::size_t a) { return (o * P::axis + a) * P::inner + i; };
      int max = -128;
      for (std::size_t a = 0; a < P::axis; ++a) max = std::max<int>(max, in[index(a)]);
      const auto e = [&](std::size_t a) { return std::uint64_t{table[static_cast<std::size_t>(max - in[index(a)])]}; };
      std::uint64_t sum = 0;
      for (std::size_t a = 0; a < P::axis; ++a) sum += e(a);
      for (std::size_t a = 0; a < P::axis; ++a) {
        const std::uint64_t y = (2 * e(a) * P::numerator + (sum << P::fraction_bits)) / (sum << (P::fraction_bits + 1));
        expected[index(a)] = static_cast<typename P::out_t>(reference_clamp<P>(static_cast<int64_t>(y)));
      }
    }
  }
  require_equal(out.checked(), expected);
}

template <class In, class Out, int Zero>
struct Quantize {
  using in_t = In;
  using out_t = Out;
  static constexpr int32_t count = 2000, zero = Zero;
  static constexpr float scale = 0.0625f;
  using dims = netsuke::Ints<4, 5, 3>;
  using in_steps = netsuke::Ints<5, 1, 20>;
  using out_steps = netsuke::Ints<15, 3, 1>;
};

using QuantizeCases = std::tuple<int8_t, uint8_t, int16_t>;

TEMPLATE_LIST_TEST_CASE("quantize and dequantize equal the reference", "[quantize][s8]", QuantizeCases) {
  using P = Quantize<float, TestType, 5>;
  Floats in = random_floats(P::count, 3);
  // Exact halves, far outside, infinities.
  for (std::size_t i = 0; i < 1000; ++i) in[i] = 0.03125f * static_cast<float>(static_cast<int>(i) - 500);
  in[1000] = 1e30f;
  in[1001] = -1e30f;
  in[1002] = std::numeric_limits<float>::infinity();
  GuardedOf<TestType> out(P::count);
  netsuke::quantize<P>(in.data(), out.data());
  std::vector<TestType> expected;
  for (float x : in) {
    const double y = std::nearbyint(static_cast<double>(x / P::scale)) + P::zero;
    expected.push_back(static_cast<TestType>(std::clamp<double>(y, std::numeric_limits<TestType>::min(),
                                                                std::numeric_limits<TestType>::max())));
  }
  require_equal(out.checked(), expected);

  using Back = Quantize<TestType, float, 5>;
  std::vector<float> real(expected.size());
  netsuke::dequantize<Back>(expected.data(), real.data());
  for (std::size_t i = 0; i < real.size(); ++i) {
    const int centred = expected[i] - 5;
    REQUIRE(real[i] == static_cast<float>(centred) * P::scale);
  }
}

TEST_CASE("quantize_strided brings an image into channels-last order", "[quantize][s8]") {
  using P = Quantize<float, int8_t, 0>;
  Floats in(60);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i) * P::scale;
  GuardedOf<int8_t> out(60);
  netsuke::quantize_strided<P>(in.data(), out.data());
  Bytes expected;
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 5; ++x) {
      for (int c = 0; c < 3; ++c) expected.push_back(static_cast<int8_t>(c * 20 + y * 5 + x));
    }
  }
  require_equal(out.checked(), expected);
}

template <class Type, class Out, int M, int N, int K>
struct MatMul {
  using A = Type;
  using B = int8_t;
  using out_t = Out;
  static constexpr int32_t batch_0 = 1, batch_1 = 1, batch_2 = 2, batch_3 = 3, m = M, n = N, k = K;
  static constexpr int32_t a_stride_0 = 0, a_stride_1 = 0, a_stride_2 = 3 * M * K, a_stride_3 = M * K;
  static constexpr int32_t b_stride_0 = 0, b_stride_1 = 0, b_stride_2 = 0, b_stride_3 = K * N;  // broadcast over batch_2
  static constexpr bool a_rom = false, b_rom = false;
  static constexpr int32_t a_zero = -12, b_zero = 30, out_zero = 4, out_min = -110, out_max = 127;
  static constexpr int32_t multiplier = 5000000, shift = 32;
  static constexpr float scale = 0.001f;
  static float act(float x) { return x; }
};

using MatmulS8Cases =
    std::tuple<MatMul<int8_t, int8_t, 5, 7, 9>, MatMul<int8_t, int8_t, 1, 8, 33>,
               MatMul<int16_t, int8_t, 4, 4, 4>, MatMul<int8_t, int32_t, 4, 6, 11>,
               MatMul<int8_t, float, 4, 6, 11>>;

TEMPLATE_LIST_TEST_CASE("matmul_s8 equals the reference", "[matmul][s8]", MatmulS8Cases) {
  using P = TestType;
  const auto a = random_integers<typename P::A>(6 * P::m * P::k, 1, -128, 127);
  const auto b = random_integers<int8_t>(3 * P::k * P::n, 2, -128, 127);
  GuardedOf<typename P::out_t> out(6 * P::m * P::n);
  netsuke::matmul_s8<P>(a.data(), b.data(), out.data());
  std::vector<typename P::out_t> expected;
  for (int batch = 0; batch < 6; ++batch) {
    for (int i = 0; i < P::m; ++i) {
      for (int j = 0; j < P::n; ++j) {
        int64_t sum = 0;
        for (int l = 0; l < P::k; ++l) {
          const auto ia = static_cast<std::size_t>((batch * P::m + i) * P::k + l);
          const auto ib = static_cast<std::size_t>((batch % 3 * P::k + l) * P::n + j);
          sum += (int64_t{a[ia]} - P::a_zero) * (int64_t{b[ib]} - P::b_zero);
        }
        if constexpr (std::is_same_v<typename P::out_t, float>) {
          expected.push_back(static_cast<float>(sum) * P::scale);
        } else if constexpr (std::is_same_v<typename P::out_t, int32_t>) {
          expected.push_back(static_cast<int32_t>(sum));
        } else {
          expected.push_back(static_cast<int8_t>(reference_clamp<P>(reference_round(sum, P::multiplier, P::shift))));
        }
      }
    }
  }
  require_equal(out.checked(), expected);
}

// The size of a transposed convolution's output.
template <class Base, int OutH, int OutW>
struct Transposed : Integers<Base, int8_t, int8_t, int8_t, 5, -9, -128, 127> {
  static constexpr int32_t out_h = OutH, out_w = OutW;
};

using ConvTranspose2dS8Cases =
    std::tuple<Transposed<Window<Size<4, 5>, 3, 4, Size<3, 3>, Size<2, 2>, Pad<1>>, 7, 9>,
               Transposed<Window<Size<4, 5>, 4, 6, Size<2, 2>, Size<2, 2>, Pad<0>, One, 2>, 8, 10>,
               Transposed<Window<Size<3, 4>, 2, 3, Size<3, 2>, Size<1, 3>, Pad<0>, Size<2, 1>, 1, 2>, 7, 11>>;

TEMPLATE_LIST_TEST_CASE("conv_transpose2d_s8 equals the reference", "[conv_transpose][s8]", ConvTranspose2dS8Cases) {
  using P = TestType;
  constexpr int kIn = P::in_c / P::group, kOut = P::out_c / P::group;
  const Layer<P> layer;
  const auto packed = netsuke::pack_conv_transpose2d_s8(layer.weights, conv_shape<P>());
  const auto weights = stored_as<int8_t>(packed.values);
  GuardedOf<int8_t> out(out_count<P>());
  netsuke::conv_transpose2d_s8<P>(layer.in.data(), weights.data(), layer.bias.data(), layer.multipliers.data(), out.data());
  require_equal(out.checked(), for_outputs_of<int8_t, P>([&](int b, int y, int x, int o) {
    int64_t sum = layer.bias[static_cast<std::size_t>(o)];
    for (int iy = 0; iy < P::in_h; ++iy) {
      for (int ix = 0; ix < P::in_w; ++ix) {
        for (int ky = 0; ky < P::kernel_h; ++ky) {
          for (int kx = 0; kx < P::kernel_w; ++kx) {
            if (iy * P::stride_h - P::pad_top + ky * P::dilation_h != y) continue;
            if (ix * P::stride_w - P::pad_left + kx * P::dilation_w != x) continue;
            for (int i = 0; i < kIn; ++i) {
              const int channel = o / kOut * kIn + i;
              const auto w = static_cast<std::size_t>(((channel * kOut + o % kOut) * P::kernel_h + ky) * P::kernel_w + kx);
              sum += centred<P>(layer.in, b, iy, ix, channel) * layer.weights[w];
            }
          }
        }
      }
    }
    return reference_finish<int8_t, P>(sum, static_cast<std::size_t>(o), layer.multipliers);
  }));
}

}  // namespace
