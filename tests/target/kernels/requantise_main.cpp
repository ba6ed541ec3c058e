// requantise() on its target, where it is most often a few instructions of that target: compared with its meaning
// (docs/numerics.md) in 64 bits, by sums and multipliers at their limits, at those of their bytes, and by chance.
#include <stdio.h>

#include "netsuke/requantise.hpp"

#if !defined(NETSUKE_TEST_BEGIN)
#define NETSUKE_TEST_BEGIN()
#define NETSUKE_TEST_END()
#endif

namespace {

const int32_t kEdges[] = {0, 1, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 8388607, 8388608, 16777215, 16777216,
                          0x12345678, 0x7F800000, 0x7FFFFFFF};
constexpr int kEdgeCount = sizeof kEdges / sizeof kEdges[0], kRandom = 500;
int failures = 0;
volatile int32_t some_sum = 8388607, some_multiplier = 0x12345678, sink;

uint32_t seed = 1;
uint32_t random_number() { return seed = seed * 1664525u + 1013904223u; }
// Of any number of bits.
int32_t random_of_any_size() { return static_cast<int32_t>(random_number()) >> ((random_number() >> 24) & 31); }

template <int Shift, int32_t Zero, int32_t Min, int32_t Max>
struct To {
  static constexpr int shift = Shift;
  static constexpr int32_t out_zero = Zero, out_min = Min, out_max = Max;
};

template <class P>
int32_t meaning(int32_t acc, int32_t m) {
  const int64_t half = static_cast<int64_t>(1) << (P::shift - 1);
  const int64_t y = ((static_cast<int64_t>(acc) * m + half) >> P::shift) + P::out_zero;
  return static_cast<int32_t>(y < P::out_min ? P::out_min : (y > P::out_max ? P::out_max : y));
}

template <class P>
int wrong(int32_t acc, int32_t m) {
  return netsuke::requantise<P>(acc, m) != meaning<P>(acc, m) ? 1 : 0;
}

// Both signs of both; -2^31 is a sum, but no multiplier.
template <class P>
int wrong_signs(int32_t acc, int32_t m) {
  return wrong<P>(acc, m) + wrong<P>(acc, -m) + wrong<P>(-acc, m) + wrong<P>(-acc - 1, -m);
}

template <class P>
void check(const char* name) {
  int found = 0;
  for (int i = 0; i < kEdgeCount; ++i) {
    for (int j = 0; j < kEdgeCount; ++j) found += wrong_signs<P>(kEdges[i], kEdges[j]);
  }
  for (int i = 0; i < kRandom; ++i)
    found += wrong_signs<P>(random_of_any_size() & 0x7FFFFFFF, random_of_any_size() & 0x7FFFFFFF);
  NETSUKE_TEST_BEGIN();
  sink = netsuke::requantise<P>(some_sum, some_multiplier);
  NETSUKE_TEST_END();
  printf("case %s macs=1 %s\n", name, found == 0 ? "ok" : "WRONG");
  if (found != 0) ++failures;
}

}  // namespace

int main() {
  check<To<32, -128, -128, 127> >("shift_32");
  check<To<32, 0, -32768, 32767> >("shift_32_int16");
  check<To<32, 5, -100, 90> >("shift_32_limits");
  check<To<33, 5, -128, 127> >("shift_33");
  check<To<40, 7, -32768, 32767> >("shift_40_int16");
  check<To<62, -9, -128, 127> >("shift_62");
  check<To<31, -9, -128, 127> >("shift_31");
  check<To<20, -9, -128, 127> >("shift_20");
  check<To<1, 0, -32768, 32767> >("shift_1_int16");
  printf("netsuke-test: %s\n", failures == 0 ? "PASS" : "FAIL");
  return failures;
}
