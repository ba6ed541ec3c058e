// Kernels of 16-bit values: broadcasting, both ways to add 64 bits, memory in place, tables with exact segments. All
// kernels on all instruction sets: tests/target/kernels/wide_main.cpp.
#include "netsuke/binary_s16.hpp"
#include "netsuke/requantize_s16.hpp"
#include "netsuke/softmax_s16.hpp"
#include "netsuke/table_s16.hpp"
#include "s8_support.hpp"

namespace {
using namespace kernel_tests;
using std::int16_t;
using std::int32_t;
using std::int64_t;
using std::int8_t;
using Values = std::vector<int16_t>;

template <class AStrides, class BStrides, class Second = int16_t, int Shift = 29, int32_t MulA = 300000007,
          int32_t MulB = -123456789, int ZeroA = -12000, int ZeroB = 29999>
struct Pair {
  using A = int16_t;
  using B = Second;
  using T = int16_t;
  using dims = netsuke::Ints<9, 37>;
  using a_strides = AStrides;
  using b_strides = BStrides;
  static constexpr int32_t rows = 9, columns = 37;
  static constexpr bool a_rom = false, b_rom = false;
  static constexpr int32_t a_zero = ZeroA, b_zero = ZeroB, out_zero = 4, out_min = -31000, out_max = 32767;
  static constexpr int32_t multiplier = 1 << 29, shift = Shift, a_multiplier = MulA, b_multiplier = MulB;
};

template <int... S>
std::size_t offset(netsuke::Ints<S...>*, int row, int column) {
  const int s[] = {S...};
  return static_cast<std::size_t>(row * s[0] + column * s[1]);
}

template <class P, class F, class Meaning>
void check_pair(const F& kernel, const Meaning& meaning) {
  const Values a = random_values<int16_t>(P::rows * P::columns, 8);
  const auto b = random_values<typename P::B>(P::rows * P::columns, 9);
  GuardedOf<int16_t> out(P::rows * P::columns);
  kernel(a.data(), b.data(), out.data());
  Values expected;
  for (int row = 0; row < P::rows; ++row) {
    for (int column = 0; column < P::columns; ++column) {
      const int64_t x = a[offset(static_cast<typename P::a_strides*>(nullptr), row, column)] - P::a_zero;
      const int64_t y = b[offset(static_cast<typename P::b_strides*>(nullptr), row, column)] - P::b_zero;
      expected.push_back(static_cast<int16_t>(reference_clamp<P>(meaning(x, y))));
    }
  }
  require_equal(out.checked(), expected);
}

using Flat = netsuke::Ints<37, 1>;
using PairCases = std::tuple<Pair<Flat, Flat>, Pair<Flat, netsuke::Ints<0, 1>>, Pair<Flat, netsuke::Ints<0, 0>>,
                             Pair<netsuke::Ints<0, 1>, netsuke::Ints<1, 0>, int8_t, 31>>;

TEMPLATE_LIST_TEST_CASE("add_s16 and mul_s16 equal the reference", "[binary][s16]", PairCases) {
  using P = TestType;
  check_pair<P>(netsuke::add_s16<P>, [](int64_t a, int64_t b) {
    return floor_shift(a * P::a_multiplier + b * P::b_multiplier + (int64_t{1} << (P::shift - 1)), P::shift);
  });
  check_pair<P>(netsuke::mul_s16<P>, [](int64_t a, int64_t b) { return reference_round(a * b, P::multiplier, P::shift); });
}

using SumCases =
    std::tuple<Pair<Flat, Flat>, Pair<Flat, Flat, int16_t, 18, (1 << 29), (1 << 29), 32767, 32767>,
               Pair<Flat, Flat, int16_t, 46, -(1 << 29), (1 << 29), -32768, 32767>,
               Pair<Flat, Flat, int16_t, 46, -(1 << 29), -(1 << 29) + 1, 32767, 32767>,
               Pair<Flat, Flat, int16_t, 33, 65535, -65537, 0, -1>, Pair<Flat, Flat, int16_t, 37, 0, (1 << 29) - 1>>;

TEMPLATE_LIST_TEST_CASE("sums of halves are the 64-bit sums", "[s16]", SumCases) {
  using Sum = netsuke::SumS16<TestType>;
  const Values a = random_values<int16_t>(20000, 1), b = random_values<int16_t>(20000, 2);
  for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(Sum::scaled_by_halves(a[i], b[i]) == Sum::scaled(a[i], b[i]));
}

template <class In, class Out, int32_t Multiplier, int Zero, int Shift, int Min, int Max>
struct Requantize {
  using in_t = In;
  using out_t = Out;
  static constexpr int32_t count = 300, a_multiplier = Multiplier, a_zero = Zero, b_multiplier = 0, b_zero = 0;
  static constexpr int32_t out_zero = -7, shift = Shift, out_min = Min, out_max = Max;
};
using RequantizeCases = std::tuple<Requantize<int16_t, int16_t, 400000001, 123, 29, -32768, 32767>,
                                   Requantize<int8_t, int16_t, 512345678, -128, 21, -32768, 20000>,
                                   Requantize<int16_t, int8_t, 512345678, 9, 37, -100, 127>,
                                   Requantize<int16_t, int16_t, 536870912, 32767, 1, -32768, 32767>>;

TEMPLATE_LIST_TEST_CASE("requantize_s16 equals the reference", "[s16]", RequantizeCases) {
  using P = TestType;
  const auto in = random_values<typename P::in_t>(P::count, 4);
  GuardedOf<typename P::out_t> out(P::count);
  netsuke::requantize_s16<P>(in.data(), out.data());
  std::vector<typename P::out_t> expected;
  for (int64_t x : in)
    expected.push_back(static_cast<typename P::out_t>(reference_clamp<P>(reference_round(x - P::a_zero, P::a_multiplier, P::shift))));
  require_equal(out.checked(), expected);
}

template <int Bits, int Zero, class Exact>
struct Table {
  using out_t = int16_t;
  using exact = Exact;
  static constexpr int32_t count = 65536, in_zero = Zero, bits = Bits;
  static constexpr int32_t first = (-32768 - Zero) >> Bits, segments = ((32767 - Zero) >> Bits) - first + 1;
};
template <int... kValues>
std::vector<int> listed(netsuke::Ints<kValues...>*) {
  return {kValues...};
}
using TableCases = std::tuple<Table<8, 0, netsuke::Ints<>>, Table<5, -77, netsuke::Ints<0, 17>>,
                              Table<6, 32767, netsuke::Ints<5, 3, 1023>>, Table<10, -32768, netsuke::Ints<63>>>;

TEMPLATE_LIST_TEST_CASE("table_s16 draws a parabola in each segment, for every input and in place", "[s16]", TableCases) {
  using P = TestType;
  const std::vector<int> exact = listed(static_cast<typename P::exact*>(nullptr));
  constexpr int kSize = 1 << P::bits;
  // A segment changes by 24 steps at most, so that no sum overflows.
  const Ints32 bases = random_integers<int32_t>(P::segments, 1, -2100000000, 2100000000);
  const Ints32 slopes = random_integers<int32_t>(P::segments, 2, -(1 << (33 - P::bits - 5)), 1 << (33 - P::bits - 5));
  const Values bends = random_integers<int16_t>(P::segments + static_cast<int64_t>(exact.size()) * kSize, 3, -1000, 1000);
  Ints32 lines;
  for (std::size_t i = 0; i < bases.size(); ++i) lines.insert(lines.end(), {bases[i], slopes[i]});
  GuardedOf<int16_t> values(P::count);
  Values expected;
  for (int x = -32768; x < 32768; ++x) {
    values.data()[x + 32768] = static_cast<int16_t>(x);
    const int segment = ((x - P::in_zero) >> P::bits) - P::first;
    const int64_t f = ((x - P::in_zero) & (kSize - 1)) - kSize / 2;
    const auto i = static_cast<std::size_t>(segment);
    int64_t y = (bases[i] + floor_shift(slopes[i] + bends[i] * f, 8) * f) >> 16;
    for (std::size_t k = 0; k < exact.size(); ++k)
      if (exact[k] == segment) y = bends[static_cast<std::size_t>(P::segments) + k * kSize + static_cast<std::size_t>(f + kSize / 2)];
    expected.push_back(static_cast<int16_t>(y));
  }
  netsuke::table_s16<P>(values.data(), lines.data(), bends.data(), values.data());
  require_equal(values.checked(), expected);
}

template <int Outer, int Axis, int Inner, int Numerator, int Fraction, int Bits>
struct Softmax {
  using out_t = int16_t;
  static constexpr int32_t outer = Outer, axis = Axis, inner = Inner, numerator = Numerator, fraction_bits = Fraction;
  static constexpr int32_t bits = Bits, out_zero = -32768, out_min = -32768, out_max = 32767;
};
using SoftmaxCases = std::tuple<Softmax<1, 12, 1, 65536, 0, 30>, Softmax<3, 5, 7, 1000000007, 13, 30>,
                                Softmax<1, 3000, 2, 65535, 0, 30>, Softmax<2, 1, 3, 32768, 0, 29>>;

TEMPLATE_LIST_TEST_CASE("softmax_s16 is close to the real one", "[softmax][s16]", SoftmaxCases) {
  using P = TestType;
  const double scale = 0.0003, step = std::ldexp(1.0, P::fraction_bits) / P::numerator;
  std::vector<std::uint32_t> table;
  for (int d = 0; d < 512; ++d)
    table.push_back(static_cast<std::uint32_t>(std::llround(std::ldexp(std::exp(-scale * (d < 256 ? 256 * d : d - 256)), 31))));
  const Values in = random_values<int16_t>(int64_t{P::outer} * P::axis * P::inner, 3);
  GuardedOf<int16_t> out(static_cast<int64_t>(in.size()));
  netsuke::softmax_s16<P>(in.data(), table.data(), out.data());
  const Values actual = out.checked();
  for (std::size_t o = 0; o < P::outer; ++o) {
    for (std::size_t i = 0; i < P::inner; ++i) {
      const auto index = [&](std::size_t a) { return (o * P::axis + a) * P::inner + i; };
      double sum = 0;
      for (std::size_t a = 0; a < P::axis; ++a) sum += std::exp(scale * in[index(a)]);
      for (std::size_t a = 0; a < P::axis; ++a) {
        const double exact = std::min(std::exp(scale * in[index(a)]) / sum / step, 65535.0);
        REQUIRE(std::abs(actual[index(a)] + 32768 - exact) < 0.51);
      }
    }
  }
}

}  // namespace
