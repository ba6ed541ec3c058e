// dense_f32 on its target: each output equals, bit for bit, the bias and then the products added one after the other.
// The compiler fuses multiplication and addition here as it does there, where the core can.
#include <stdio.h>
#include <string.h>

#include "netsuke/activations.hpp"
#include "netsuke/dense_f32.hpp"

#if !defined(NETSUKE_TEST_BEGIN)
#define NETSUKE_TEST_BEGIN()
#define NETSUKE_TEST_END()
#endif

namespace {

constexpr int kMost = 70, kMostIn = kMost * 3, kMostOut = 40 * 3;
float in[kMostIn], weights[40 * kMost], bias[40], out[kMostOut + 1];
int failures = 0;

uint32_t seed = 1;
float random_float() {
  seed = seed * 1664525u + 1013904223u;
  return static_cast<float>(static_cast<int32_t>(seed)) * 1e-9f;
}

template <int Batch, int In, int Out, bool Bias, bool Relu>
struct Dense {
  static constexpr int32_t batch = Batch, in_c = In, out_c = Out;
  static constexpr bool has_bias = Bias;
  static float act(float x) { return Relu ? netsuke::relu(x) : x; }
};

// Weight of an output, as weight_layout.hpp has it.
template <class P>
float weight(int o, int i) {
  const int block = o / netsuke::kDenseLanes, first = block * netsuke::kDenseLanes;
  const int lanes = P::out_c - first < netsuke::kDenseLanes ? P::out_c - first : netsuke::kDenseLanes;
  return weights[first * P::in_c + i * lanes + o - first];
}

template <class P>
bool differs(int b, int o) {
  float sum = P::has_bias ? bias[o] : 0.0f;
  for (int i = 0; i < P::in_c; ++i) sum += in[b * P::in_c + i] * weight<P>(o, i);
  const float expected = P::act(sum);
  return memcmp(&expected, out + b * P::out_c + o, sizeof expected) != 0;
}

template <class P>
void check(const char* name) {
  constexpr int kOut = P::batch * P::out_c;
  out[kOut] = 77.0f;
  NETSUKE_TEST_BEGIN();
  netsuke::dense_f32<P>(in, weights, bias, out);
  NETSUKE_TEST_END();
  int wrong = out[kOut] > 76.0f && out[kOut] < 78.0f ? 0 : 1;
  for (int i = 0; i < kOut; ++i) wrong += differs<P>(i / P::out_c, i % P::out_c) ? 1 : 0;
  printf("case %s macs=%ld %s\n", name, static_cast<long>(kOut) * P::in_c, wrong == 0 ? "ok" : "WRONG");
  if (wrong != 0) ++failures;
}

}  // namespace

int main() {
  for (float& x : in) x = random_float();
  for (float& w : weights) w = random_float();
  for (float& b : bias) b = random_float();
  check<Dense<1, 64, 32, true, true> >("64x32");
  check<Dense<1, 4, 16, false, false> >("4x16");
  check<Dense<1, 3, 16, true, false> >("3x16");
  check<Dense<1, 1, 17, true, true> >("1x17");
  check<Dense<3, 70, 40, true, true> >("70x40");
  check<Dense<2, 9, 33, false, true> >("9x33");
  check<Dense<1, 10, 15, true, false> >("10x15");
  printf("netsuke-test: %s\n", failures == 0 ? "PASS" : "FAIL");
  return failures;
}
