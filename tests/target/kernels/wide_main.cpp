// Kernels of 16-bit values on their target, compared with their meaning (docs/numerics.md) in plain 64-bit arithmetic.
#include <stdio.h>

#include "netsuke/binary_s16.hpp"
#include "netsuke/matmul_s8.hpp"
#include "netsuke/requantize_s16.hpp"
#include "netsuke/softmax_s16.hpp"
#include "netsuke/table_s16.hpp"

#if !defined(NETSUKE_TEST_BEGIN)
#define NETSUKE_TEST_BEGIN()
#define NETSUKE_TEST_END()
#endif
#if defined(__AVR__)
#define IN_FLASH PROGMEM
#else
#define IN_FLASH
#endif

namespace {

constexpr int kCount = 331;
int16_t first[kCount], second[kCount], results[kCount];
int8_t bytes[kCount], byte_results[kCount];
int failures = 0;

uint32_t seed = 1;
uint32_t random_number() { return seed = seed * 1664525u + 1013904223u; }

// Both ends and 0 more often than chance.
int16_t random_value() {
  const int16_t often[] = {-32768, 32767, 0, -1};
  const uint32_t r = random_number();
  return (r >> 29) == 0 ? often[(r >> 27) & 3] : static_cast<int16_t>(r >> 16);
}

void fill() {
  for (int i = 0; i < kCount; ++i) {
    first[i] = random_value();
    second[i] = random_value();
    bytes[i] = static_cast<int8_t>(random_value());
  }
  for (int i = 0; i < 4; ++i) {  // all corners
    first[i] = (i & 1) != 0 ? 32767 : -32768;
    second[i] = (i & 2) != 0 ? 32767 : -32768;
  }
}

void report(const char* name, int count, int wrong) {
  printf("case %s macs=%d %s\n", name, count, wrong == 0 ? "ok" : "WRONG");
  if (wrong != 0) ++failures;
}

// clamp(zero + ((sum + 2^(shift-1)) >> shift))
template <class P>
int64_t rounded(int64_t sum) {
  const int64_t y = P::out_zero + ((sum + (static_cast<int64_t>(1) << (P::shift - 1))) >> P::shift);
  return y < P::out_min ? P::out_min : (y > P::out_max ? P::out_max : y);
}

template <class Second, class Out, int32_t MulA, int32_t MulB, int Shift, int32_t ZeroA, int32_t ZeroB, int32_t Zero,
          int32_t Low, int32_t High>
struct Sum {
  typedef int16_t A;
  typedef Second B;
  typedef Out T;
  typedef int16_t in_t;
  typedef Out out_t;
  typedef netsuke::Ints<kCount> dims;
  typedef netsuke::Ints<1> a_strides;
  typedef netsuke::Ints<1> b_strides;
  static constexpr bool a_rom = false, b_rom = false;
  static constexpr int32_t a_multiplier = MulA, b_multiplier = MulB, a_zero = ZeroA, b_zero = ZeroB, out_zero = Zero;
  static constexpr int32_t shift = Shift, out_min = Low, out_max = High, count = kCount, multiplier = MulA;
};

template <class P, class B, class T>
void check_sum(const char* name, const B* b, T* out) {
  NETSUKE_TEST_BEGIN();
  netsuke::add_s16<P>(first, b, out);
  NETSUKE_TEST_END();
  int wrong = 0;
  for (int i = 0; i < kCount; ++i) {
    const int64_t sum = static_cast<int64_t>(first[i] - static_cast<int32_t>(P::a_zero)) * P::a_multiplier +
                        static_cast<int64_t>(b[i] - static_cast<int32_t>(P::b_zero)) * P::b_multiplier;
    wrong += out[i] != rounded<P>(sum) ? 1 : 0;
  }
  report(name, kCount, wrong);
}

template <class P, class T>
void check_requantize(const char* name, T* out) {
  NETSUKE_TEST_BEGIN();
  netsuke::requantize_s16<P>(first, out);
  NETSUKE_TEST_END();
  int wrong = 0;
  for (int i = 0; i < kCount; ++i)
    wrong += out[i] != rounded<P>(static_cast<int64_t>(first[i] - static_cast<int32_t>(P::a_zero)) * P::a_multiplier) ? 1 : 0;
  report(name, kCount, wrong);
}

template <class P>
int64_t product_of(int i) {
  return static_cast<int64_t>(first[i] - static_cast<int32_t>(P::a_zero)) *
         (second[i] - static_cast<int32_t>(P::b_zero)) * P::multiplier;
}

template <class P>
void check_product(const char* name, bool wide) {
  NETSUKE_TEST_BEGIN();
  if (wide) netsuke::mul_s16<P>(first, second, results);
  else netsuke::mul_s8<P>(first, second, results);
  NETSUKE_TEST_END();
  int wrong = 0;
  for (int i = 0; i < kCount; ++i) wrong += results[i] != rounded<P>(product_of<P>(i)) ? 1 : 0;
  report(name, kCount, wrong);
}

// Numbers that look random, of a place. Bases are far enough inside that no sum overflows.
#define B1(i) static_cast<int16_t>((static_cast<uint32_t>(i) * 2654435761u >> 16) % 60001u - 30000u)
#define B4(i) B1(i), B1((i) + 1), B1((i) + 2), B1((i) + 3)
#define B16(i) B4(i), B4((i) + 4), B4((i) + 8), B4((i) + 12)
#define B64(i) B16(i), B16((i) + 16), B16((i) + 32), B16((i) + 48)
#define B256(i) B64(i), B64((i) + 64), B64((i) + 128), B64((i) + 192)
#define L1(i) static_cast<int32_t>((static_cast<uint32_t>(i) * 2654435761u >> 1) % 2000000001u) - 1000000000, \
              static_cast<int32_t>((static_cast<uint32_t>(i) * 2246822519u >> 4) % 33554433u) - 16777216
#define L4(i) L1(i), L1((i) + 1), L1((i) + 2), L1((i) + 3)
#define L16(i) L4(i), L4((i) + 4), L4((i) + 8), L4((i) + 12)
#define L64(i) L16(i), L16((i) + 16), L16((i) + 32), L16((i) + 48)
#define L256(i) L64(i), L64((i) + 64), L64((i) + 128), L64((i) + 192)
const int16_t bends[] IN_FLASH = {B256(0), B256(256), B256(512), B1(768)};
const int32_t lines[] IN_FLASH = {L256(0), L1(256)};

template <class Out, int Bits, int Zero, int First, int Segments, class Exact>
struct Table {
  typedef Out out_t;
  typedef Exact exact;
  static constexpr int32_t count = kCount, in_zero = Zero, bits = Bits, first = First, segments = Segments;
};

// `block`: that of the segment's results, below 0: none. f: from the beginning of the segment.
template <class P>
int64_t table_meaning(int32_t segment, int32_t f, int block) {
  const int32_t size = static_cast<int32_t>(1) << P::bits;
  if (block >= 0) return netsuke::rom(bends + (P::segments + block * size + f));
  const int64_t middle = f - size / 2, slope = netsuke::rom(lines + (2 * segment + 1));
  return (netsuke::rom(lines + 2 * segment) + ((slope + netsuke::rom(bends + segment) * middle) >> 8) * middle) >> 16;
}

template <class P, class T>
void check_table(const char* name, int32_t exact_0, int32_t exact_1, T* out) {
  NETSUKE_TEST_BEGIN();
  netsuke::table_s16<P>(first, lines, bends, out);
  NETSUKE_TEST_END();
  int wrong = 0;
  for (int i = 0; i < kCount; ++i) {
    const int32_t d = static_cast<int32_t>(first[i]) - P::in_zero, segment = (d >> P::bits) - P::first;
    const int block = segment == exact_0 ? 0 : (segment == exact_1 ? 1 : -1);
    wrong += out[i] != static_cast<T>(table_meaning<P>(segment, d & ((1 << P::bits) - 1), block)) ? 1 : 0;
  }
  report(name, kCount, wrong);
}

// exp(-k / 64) and exp(-k / 16384) do not matter here: any numbers up to 2^31 do.
#define E1(i) ((static_cast<uint32_t>(i) * 2654435761u) >> ((i) / 16))
#define E4(i) E1(i), E1((i) + 1), E1((i) + 2), E1((i) + 3)
#define E16(i) E4(i), E4((i) + 4), E4((i) + 8), E4((i) + 12)
#define E64(i) E16(i), E16((i) + 16), E16((i) + 32), E16((i) + 48)
#define E128(i) E64(i), E64((i) + 64)
#define F1(i) (0x80000000u - static_cast<uint32_t>(i) * 130001u)
#define F4(i) F1(i), F1((i) + 1), F1((i) + 2), F1((i) + 3)
#define F16(i) F4(i), F4((i) + 4), F4((i) + 8), F4((i) + 12)
#define F64(i) F16(i), F16((i) + 16), F16((i) + 32), F16((i) + 48)
#define F256(i) F64(i), F64((i) + 64), F64((i) + 128), F64((i) + 192)
const uint32_t powers[] IN_FLASH = {0x80000000u, 0x7fffffffu, E64(2), E64(66), E64(130), E16(194), E16(210), E16(226),
                                    E4(242), E4(246), E4(250), E1(254), E1(255), F256(0)};

template <class Out, int Axis, int Inner, int32_t Numerator, int Fraction>
struct Softmax {
  typedef Out out_t;
  static constexpr int outer = 2, axis = Axis, inner = Inner;
  static constexpr int32_t numerator = Numerator, fraction_bits = Fraction;
  static constexpr int32_t bits = 30, out_zero = sizeof(Out) == 1 ? -128 : -32768, out_min = out_zero, out_max = -1 - out_zero;
};

template <class P>
uint64_t term(int32_t d) {
  const uint64_t product = static_cast<uint64_t>(netsuke::rom(powers + d / 256)) * netsuke::rom(powers + 256 + d % 256);
  return (product + (static_cast<uint64_t>(1) << (61 - P::bits))) >> (62 - P::bits);
}

template <class P, class T>
int wrong_line(const int16_t* in, const T* out) {
  int32_t max = in[0];
  for (int a = 1; a < P::axis; ++a) max = in[a * P::inner] > max ? in[a * P::inner] : max;
  uint64_t sum = 0;
  for (int a = 0; a < P::axis; ++a) sum += term<P>(max - in[a * P::inner]);
  int wrong = 0;
  for (int a = 0; a < P::axis; ++a) {
    const uint64_t share = 2 * term<P>(max - in[a * P::inner]) * static_cast<uint32_t>(P::numerator);
    int64_t y = static_cast<int64_t>((share + (sum << P::fraction_bits)) / (sum << (P::fraction_bits + 1))) + P::out_zero;
    y = y > P::out_max ? P::out_max : y;
    wrong += out[a * P::inner] != y ? 1 : 0;
  }
  return wrong;
}

template <class P, class T>
void check_softmax(const char* name, T* out) {
  NETSUKE_TEST_BEGIN();
  netsuke::softmax_s16<P>(first, powers, out);
  NETSUKE_TEST_END();
  int wrong = 0;
  for (int o = 0; o < P::outer; ++o) {
    for (int i = 0; i < P::inner; ++i) {
      const int at = o * P::axis * P::inner + i;
      wrong += wrong_line<P>(first + at, out + at);
    }
  }
  report(name, P::outer * P::axis * P::inner, wrong);
}

struct Product {
  typedef int16_t A;
  typedef int16_t B;
  typedef int16_t out_t;
  static constexpr int32_t batch_0 = 1, batch_1 = 1, batch_2 = 1, batch_3 = 1, m = 6, n = 7, k = 40;
  static constexpr int32_t a_stride_0 = 0, a_stride_1 = 0, a_stride_2 = 0, a_stride_3 = 0;
  static constexpr int32_t b_stride_0 = 0, b_stride_1 = 0, b_stride_2 = 0, b_stride_3 = 0;
  static constexpr bool a_rom = false, b_rom = false;
  static constexpr int32_t a_zero = -3, b_zero = 20000, multiplier = 15000001, shift = 43, out_zero = 5;
  static constexpr int32_t out_min = -32768, out_max = 32000;
};

void check_matmul() {
  typedef Product P;
  NETSUKE_TEST_BEGIN();
  netsuke::matmul_s16<P>(first, second, results);
  NETSUKE_TEST_END();
  int wrong = 0;
  for (int i = 0; i < P::m; ++i) {
    for (int j = 0; j < P::n; ++j) {
      int64_t sum = 0;
      for (int l = 0; l < P::k; ++l)
        sum += static_cast<int64_t>(first[i * P::k + l] - static_cast<int32_t>(P::a_zero)) *
               (second[l * P::n + j] - static_cast<int32_t>(P::b_zero));
      wrong += results[i * P::n + j] != rounded<P>(sum * P::multiplier) ? 1 : 0;
    }
  }
  report("matmul", P::m * P::n * P::k, wrong);
}

constexpr int32_t kMost = 536870912;  // 2^29

}  // namespace

int main() {
  fill();
  check_sum<Sum<int16_t, int16_t, 300000007, -123456789, 29, 0, 0, 0, -32768, 32767> >("add", second, results);
  check_sum<Sum<int16_t, int16_t, kMost, kMost, 29, -32768, -32768, 5, -32768, 32767> >("add_most", second, results);
  check_sum<Sum<int16_t, int16_t, kMost, -kMost, 18, 32767, -32768, -9, -32768, 32767> >("add_shift18", second, results);
  check_sum<Sum<int16_t, int16_t, -kMost, 77777777, 17, 0, -3, 1, -30000, 20000> >("add_shift17", second, results);
  check_sum<Sum<int16_t, int16_t, kMost - 1, kMost, 46, 32767, 32767, 32767, -32768, 32767> >("add_shift46", second, results);
  check_sum<Sum<int8_t, int16_t, 300000007, 412345678, 22, 17, 100, -1000, -1000, 32767> >("add_bytes", bytes, results);
  check_sum<Sum<int16_t, int8_t, 300000007, 412345678, 37, 17, 100, 3, -128, 127> >("add_to_bytes", second, byte_results);
  check_requantize<Sum<int16_t, int16_t, 398765431, 0, 29, 123, 0, -77, -32768, 32767> >("requantize", results);
  check_requantize<Sum<int16_t, int8_t, 298765431, 0, 36, 123, 0, -7, -100, 127> >("requantize_to_bytes", byte_results);
  check_product<Sum<int16_t, int16_t, 1234567891, 0, 46, 0, 0, 3, -32768, 32767> >("mul", false);
  check_product<Sum<int16_t, int16_t, 1070000001, 0, 32, 0, -32768, 3, -32768, 32767> >("mul_shift32", false);
  check_product<Sum<int16_t, int16_t, 1073741823, 0, 46, -32768, 32767, 3, -32768, 32767> >("mul_wide", true);
  check_table<Table<int16_t, 8, 0, -128, 256, netsuke::Ints<> > >("table", -1, -1, results);
  check_table<Table<int16_t, 8, -77, -128, 257, netsuke::Ints<127> > >("table_exact", 127, -1, results);
  check_table<Table<int8_t, 9, 32767, -128, 128, netsuke::Ints<3> > >("table_to_bytes", 3, -1, byte_results);
  check_table<Table<int16_t, 8, -32768, 0, 256, netsuke::Ints<0, 255> > >("table_ends", 0, 255, results);
  check_softmax<Softmax<int16_t, 12, 1, 65536, 0> >("softmax", results);
  check_softmax<Softmax<int16_t, 15, 7, 1000000007, 13> >("softmax_inner", results);
  check_softmax<Softmax<int8_t, 100, 1, 256, 0> >("softmax_to_bytes", byte_results);
  check_matmul();
  printf("netsuke-test: %s\n", failures == 0 ? "PASS" : "FAIL");
  return failures;
}
