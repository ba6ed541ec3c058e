// Element-wise kernels that have vector forms, on their target: compared with the functions of one value from the
// same headers, which the tests on the host compare with the meaning.
#include <math.h>
#include <stdio.h>

#include "netsuke/binary_s8.hpp"
#include "netsuke/pool_s8.hpp"
#include "netsuke/quantize.hpp"

#if !defined(NETSUKE_TEST_BEGIN)
#define NETSUKE_TEST_BEGIN()
#define NETSUKE_TEST_END()
#endif

namespace {

constexpr int kCount = 739;
float reals[kCount];
int8_t first[kCount], second[kCount], results[kCount];
int32_t sums[22];
int failures = 0;

uint32_t seed = 1;
uint32_t random_number() { return seed = seed * 1664525u + 1013904223u; }

void report(const char* name, int count, int wrong) {
  printf("case %s macs=%d %s\n", name, count, wrong == 0 ? "ok" : "WRONG");
  if (wrong != 0) ++failures;
}

struct Quantized {
  typedef int8_t in_t;
  typedef int8_t out_t;
  static constexpr float scale = 0.0235f;
  static constexpr int32_t zero = 3, count = kCount;
};
// [5][20] into the order [20][5].
struct Transposed : Quantized {
  typedef netsuke::Ints<5, 20> dims;
  typedef netsuke::Ints<20, 1> in_steps;
  typedef netsuke::Ints<1, 5> out_steps;
};

void fill() {
  const float special[] = {0.0f, -0.0f, NAN, INFINITY, -INFINITY, 1e-42f, -1e-42f, 3e38f, -3e38f};
  for (int i = 0; i < kCount; ++i) {
    const int tie = static_cast<int>(random_number() >> 23) - 256;
    const int part = i % 2 == 0 ? 400 : i;  // of 800: halves, and what is not
    reals[i] = (static_cast<float>(tie) + static_cast<float>(part) / 800.0f) * Quantized::scale;
    first[i] = static_cast<int8_t>(random_number() >> 24);
    second[i] = static_cast<int8_t>(random_number() >> 24);
  }
  for (int i = 0; i < 9; ++i) reals[17 * i + 3] = special[i];
}

void check_quantize() {
  NETSUKE_TEST_BEGIN();
  netsuke::quantize<Quantized>(reals, results);
  NETSUKE_TEST_END();
  int wrong = 0;
  for (int i = 0; i < kCount; ++i) wrong += results[i] != netsuke::quantize_value<Quantized>(reals[i]) ? 1 : 0;
  report("quantize", kCount, wrong);
}

void check_strided() {
  NETSUKE_TEST_BEGIN();
  netsuke::quantize_strided<Transposed>(reals, results);
  NETSUKE_TEST_END();
  int wrong = 0;
  for (int i = 0; i < 100; ++i)
    wrong += results[i % 20 * 5 + i / 20] != netsuke::quantize_value<Quantized>(reals[i]) ? 1 : 0;
  report("quantize_strided", 100, wrong);
}

void check_dequantize() {
  NETSUKE_TEST_BEGIN();
  netsuke::dequantize<Quantized>(first, reals);
  NETSUKE_TEST_END();
  int wrong = 0;
  for (int i = 0; i < kCount; ++i) {
    const float expected = netsuke::dequantize_value<Quantized>(first[i]);
    wrong += reals[i] < expected || reals[i] > expected ? 1 : 0;
  }
  report("dequantize", kCount, wrong);
}

template <int Low, int High, int Shift>
struct Sum {
  typedef int8_t A;
  typedef int8_t B;
  typedef int8_t T;
  typedef netsuke::Ints<kCount> dims;
  typedef netsuke::Ints<1> a_strides;
  typedef netsuke::Ints<1> b_strides;
  static constexpr bool a_rom = false, b_rom = false;
  static constexpr int32_t a_multiplier = 812345 >> (20 - Shift), b_multiplier = -723456 >> (20 - Shift);
  static constexpr int32_t offset = Shift == 0 ? -5 : (1 << Shift) * 7 + (1 << Shift) / 2, shift = Shift;
  static constexpr int32_t out_min = Low, out_max = High;
};

template <class P>
void check_sum(const char* name) {
  NETSUKE_TEST_BEGIN();
  netsuke::add_s8<P>(first, second, results);
  NETSUKE_TEST_END();
  int wrong = 0;
  for (int i = 0; i < kCount; ++i) wrong += results[i] != netsuke::AddS8<P>::run(first[i], second[i]) ? 1 : 0;
  report(name, kCount, wrong);
}

struct Pool {
  typedef int8_t in_t;
  static constexpr int32_t in_w = 23, in_c = 22;
};

void check_pool() {
  for (int c = 0; c < 22; ++c) sums[c] = c - 1000;
  NETSUKE_TEST_BEGIN();
  netsuke::global_avg_pool_s8_row<Pool>(first, sums);
  NETSUKE_TEST_END();
  int wrong = 0;
  for (int c = 0; c < 22; ++c) {
    int32_t expected = c - 1000;
    for (int i = 0; i < 23; ++i) expected += first[i * 22 + c];
    wrong += sums[c] != expected ? 1 : 0;
  }
  report("global_avg_pool", 506, wrong);
}

// 3x3 on a map of 5 x 7 with borders, Channels channels.
template <int Channels>
struct Max {
  typedef int8_t in_t;
  typedef int8_t out_t;
  static constexpr int32_t batch = 1, in_h = 5, in_w = 7, in_c = Channels, out_h = 3, out_w = 4, kernel_h = 3;
  static constexpr int32_t kernel_w = 3, stride_h = 2, stride_w = 2, pad_top = 1, pad_left = 1, dilation_h = 1;
  static constexpr int32_t dilation_w = 1, out_min = -100, out_max = 125;
};

template <class P>
int max_expected(int y, int x, int c) {
  int expected = P::out_min;
  for (int i = 2 * y - 1; i < 2 * y + 2; ++i) {
    for (int j = 2 * x - 1; j < 2 * x + 2; ++j) {
      if (i < 0 || j < 0 || i >= P::in_h || j >= P::in_w) continue;
      const int value = first[(i * P::in_w + j) * P::in_c + c];
      expected = value > expected ? value : expected;
    }
  }
  return expected < P::out_max ? expected : P::out_max;
}

template <class P>
void check_max(const char* name) {
  constexpr int kOut = P::out_h * P::out_w * P::in_c;
  results[kOut] = 99;
  NETSUKE_TEST_BEGIN();
  netsuke::max_pool2d_s8<P>(first, results);
  NETSUKE_TEST_END();
  int wrong = results[kOut] != 99 ? 1 : 0;
  for (int i = 0; i < kOut; ++i) {
    const int pixel = i / P::in_c;
    wrong += results[i] != max_expected<P>(pixel / P::out_w, pixel % P::out_w, i % P::in_c) ? 1 : 0;
  }
  report(name, kOut, wrong);
}

}  // namespace

int main() {
  fill();
  check_quantize();
  check_strided();
  check_dequantize();
  check_sum<Sum<-128, 127, 20> >("add");
  check_sum<Sum<-100, 20, 16> >("add_limits");
  check_sum<Sum<-128, 127, 0> >("add_shift0");
  check_pool();
  check_max<Max<5> >("max_pool_5");
  check_max<Max<16> >("max_pool_16");
  check_max<Max<21> >("max_pool_21");
  printf("netsuke-test: %s\n", failures == 0 ? "PASS" : "FAIL");
  return failures;
}
