#include "netsuke/matmul_f32.hpp"
#include "support.hpp"

namespace {
using namespace kernel_tests;

template <int... Sizes>
struct Batch {
  static constexpr std::int32_t sizes[4] = {Sizes...};
};

// Broadcasting as in numpy: an operand's batch dimension is the output's or 1.
template <class A, class B, int M, int K, int N>
struct MatMul {
  static constexpr std::int32_t batch(int d) { return std::max(A::sizes[d], B::sizes[d]); }
  template <class Operand>
  static constexpr std::int32_t stride(int d, int matrix) {
    std::int32_t result = matrix;
    for (int i = d + 1; i < 4; ++i) result *= Operand::sizes[i];
    return Operand::sizes[d] == 1 ? 0 : result;
  }
  using Left = A;
  using Right = B;
  static constexpr std::int32_t m = M, k = K, n = N;
};

template <class S>
struct Params {
  static constexpr std::int32_t m = S::m, k = S::k, n = S::n;
  static constexpr std::int32_t batch_0 = S::batch(0), batch_1 = S::batch(1), batch_2 = S::batch(2),
                                batch_3 = S::batch(3);
  template <int D>
  static constexpr std::int32_t a = S::template stride<typename S::Left>(D, m* k);
  template <int D>
  static constexpr std::int32_t b = S::template stride<typename S::Right>(D, k* n);
  static constexpr std::int32_t a_stride_0 = a<0>, a_stride_1 = a<1>, a_stride_2 = a<2>, a_stride_3 = a<3>;
  static constexpr std::int32_t b_stride_0 = b<0>, b_stride_1 = b<1>, b_stride_2 = b<2>, b_stride_3 = b<3>;
  static float act(float x) { return x; }
};

// Index of the operand's matrix that meets output batch (i0, i1, i2, i3).
template <class Operand>
std::size_t matrix_of(const int (&index)[4]) {
  int result = 0;
  for (int d = 0; d < 4; ++d) result = result * Operand::sizes[d] + (Operand::sizes[d] == 1 ? 0 : index[d]);
  return static_cast<std::size_t>(result);
}

template <class S>
Doubles matmul_reference(const Floats& a, const Floats& b) {
  Doubles out;
  const auto product = [&](const int(&index)[4], std::size_t i, std::size_t j) {
    double sum = 0.0;
    for (std::size_t l = 0; l < S::k; ++l) {
      const std::size_t left = (matrix_of<typename S::Left>(index) * S::m + i) * S::k + l;
      const std::size_t right = (matrix_of<typename S::Right>(index) * S::k + l) * S::n + j;
      sum += static_cast<double>(a[left]) * static_cast<double>(b[right]);
    }
    return sum;
  };
  for (int flat = 0; flat < S::batch(0) * S::batch(1) * S::batch(2) * S::batch(3); ++flat) {
    const int index[4] = {flat / (S::batch(1) * S::batch(2) * S::batch(3)),
                          flat / (S::batch(2) * S::batch(3)) % S::batch(1), flat / S::batch(3) % S::batch(2),
                          flat % S::batch(3)};
    for (std::size_t i = 0; i < S::m; ++i) {
      for (std::size_t j = 0; j < S::n; ++j) out.push_back(product(index, i, j));
    }
  }
  return out;
}

template <class B>
std::int64_t matrices() {
  return std::int64_t{B::sizes[0]} * B::sizes[1] * B::sizes[2] * B::sizes[3];
}

using Single = Batch<1, 1, 1, 1>;
using MatMulShapes = std::tuple<
    MatMul<Single, Single, 1, 1, 1>, MatMul<Single, Single, 5, 7, 9>, MatMul<Single, Single, 1, 33, 50>,
    MatMul<Single, Single, 20, 16, 1>, MatMul<Single, Single, 2, 5, 13>, MatMul<Single, Single, 13, 8, 6>,
    MatMul<Batch<1, 1, 2, 3>, Batch<1, 1, 2, 3>, 4, 6, 5>, MatMul<Batch<1, 1, 2, 3>, Single, 4, 6, 5>,
    MatMul<Single, Batch<1, 2, 1, 3>, 4, 6, 5>, MatMul<Batch<2, 1, 3, 1>, Batch<1, 4, 1, 2>, 3, 2, 7>>;

TEMPLATE_LIST_TEST_CASE("matmul_f32 equals the reference", "[matmul]", MatMulShapes) {
  using S = TestType;
  using P = Params<S>;
  const Floats a = random_floats(matrices<typename S::Left>() * S::m * S::k, 1);
  const Floats b = random_floats(matrices<typename S::Right>() * S::k * S::n, 2);
  Guarded out(std::int64_t{S::batch(0)} * S::batch(1) * S::batch(2) * S::batch(3) * S::m * S::n);
  netsuke::matmul_f32<P>(a.data(), b.data(), out.data());
  require_close(out.checked(), matmul_reference<S>(a, b));
}

}  // namespace
