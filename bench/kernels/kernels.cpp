// Runs each kernel once on each layer shape between the plugin's markers. See run.sh.
#include <stdint.h>
#include <stdio.h>

#include "cyc.h"
#include "netsuke/conv2d_f32.hpp"
#include "netsuke/dense_f32.hpp"
#include "netsuke/depthwise_f32.hpp"
#include "netsuke/pool_f32.hpp"
#include "netsuke/softmax_f32.hpp"
#include "shapes.hpp"

namespace {

using namespace shapes;

float g_in[96 * 96 * 3], g_out[48 * 48 * 16], g_weights[640 * 128], g_bias[128];

void fill(float* values, size_t count) {
  uint32_t state = 1;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    values[i] = static_cast<float>(static_cast<int32_t>(state) >> 8) * (1.0f / 8388608.0f);
  }
}

// Kernels are measured as the compiler calls them: one call per layer, not inlined into each other.
#define BENCH(name, macs, call)                                \
  struct name {                                                \
    [[gnu::noinline]] static void run() { call; }              \
  };                                                           \
  printf("RUN %s macs=%ld\n", #name, static_cast<long>(macs)); \
  CYC_BEGIN();                                                 \
  name::run();                                                 \
  CYC_END()

#define CONV(name, ...)                                                                         \
  typedef __VA_ARGS__ name##_shape;                                                             \
  BENCH(name,                                                                                   \
        static_cast<int64_t>(name##_shape::out_h) * name##_shape::out_w * name##_shape::out_c * \
            name##_shape::in_c * name##_shape::kernel_h * name##_shape::kernel_w,               \
        netsuke::conv2d_f32<name##_shape>(g_in, g_weights, g_bias, g_out))

#define DEPTHWISE(name, ...)                                                                             \
  typedef __VA_ARGS__ name##_shape;                                                                      \
  BENCH(name, static_cast<int64_t>(name##_shape::out_h) * name##_shape::out_w * name##_shape::out_c * 9, \
        netsuke::depthwise_f32<name##_shape>(g_in, g_weights, g_bias, g_out))

#define DENSE(name, ...)                                                      \
  typedef __VA_ARGS__ name##_shape;                                           \
  BENCH(name, static_cast<int64_t>(name##_shape::in_c) * name##_shape::out_c, \
        netsuke::dense_f32<name##_shape>(g_in, g_weights, g_bias, g_out))

void run_all() {
  CONV(kws_conv10x4, Conv<49, 10, 1, 25, 5, 64, 10, 4, 2, 4, 1>);
  CONV(kws_pointwise, Pointwise<125, 64, 64>);
  CONV(vww_conv3x3s2, Conv<96, 96, 3, 48, 48, 8, 3, 3, 2, 0, 0>);
  CONV(vww_conv3x3s2_6, Conv<96, 96, 3, 48, 48, 6, 3, 3, 2, 0, 0>);
  CONV(vww_pw8x16, Pointwise<48 * 48, 8, 16>);
  CONV(vww_pw6x10, Pointwise<48 * 48, 6, 10>);
  CONV(vww_pw32x32, Pointwise<24 * 24, 32, 32>);
  CONV(vww_pw64x64, Pointwise<12 * 12, 64, 64>);
  CONV(vww_pw128x128, Pointwise<36, 128, 128>);
  CONV(vww_pw57x43, Pointwise<36, 57, 43>);
  CONV(vww_pw256x256, Pointwise<9, 256, 256>);
  CONV(ic_conv3to16, Conv<32, 32, 3, 32, 32, 16, 3, 3, 1, 1, 1>);
  CONV(ic_conv16, Conv<32, 32, 16, 32, 32, 16, 3, 3, 1, 1, 1>);
  CONV(ic_conv32, Conv<16, 16, 32, 16, 16, 32, 3, 3, 1, 1, 1>);
  CONV(ic_conv64, Conv<8, 8, 64, 8, 8, 64, 3, 3, 1, 1, 1>);
  CONV(ic_conv16to32s2, Conv<32, 32, 16, 16, 16, 32, 3, 3, 2, 0, 0>);
  CONV(ic_pw16to32s2, Conv<32, 32, 16, 16, 16, 32, 1, 1, 2, 0, 0>);
  DEPTHWISE(kws_depthwise, Conv<25, 5, 64, 25, 5, 64, 3, 3, 1, 1, 1, 64>);
  DEPTHWISE(vww_dw48_8, Depthwise<48, 8>);
  DEPTHWISE(vww_dw48_16s2, Conv<48, 48, 16, 24, 24, 16, 3, 3, 2, 0, 0, 16>);
  DEPTHWISE(vww_dw24_32, Depthwise<24, 32>);
  DEPTHWISE(vww_dw12_64, Depthwise<12, 64>);
  DEPTHWISE(vww_dw6_128, Depthwise<6, 128>);
  DEPTHWISE(vww_dw3_256, Depthwise<3, 256>);
  DENSE(ad_dense640x128, Dense<640, 128>);
  DENSE(ad_dense128x128, Dense<128, 128>);
  DENSE(ad_dense128x8, Dense<128, 8>);
  DENSE(ad_dense8x128, Dense<8, 128>);
  DENSE(ad_dense128x640, Dense<128, 640>);
  DENSE(kws_dense64x12, Dense<64, 12>);
  typedef Conv<25, 5, 64, 1, 1, 64, 25, 5, 1, 0, 0> kws_pool;
  BENCH(kws_avg_pool, 25 * 5 * 64, netsuke::avg_pool2d_f32<kws_pool>(g_in, g_out));
  BENCH(kws_global_avg, 25 * 5 * 64, netsuke::global_avg_pool_f32<kws_pool>(g_in, g_out));
  typedef Conv<24, 24, 16, 12, 12, 16, 2, 2, 2, 0, 0> max_pool;
  BENCH(max_pool2x2, 24 * 24 * 16, netsuke::max_pool2d_f32<max_pool>(g_in, g_out));
  typedef Softmax<1, 12, 1> softmax12;
  BENCH(softmax_12, 12, netsuke::softmax_f32<softmax12>(g_in, g_out));
}

}  // namespace

int main() {
  fill(g_in, sizeof g_in / sizeof *g_in);
  fill(g_weights, sizeof g_weights / sizeof *g_weights);
  fill(g_bias, sizeof g_bias / sizeof *g_bias);
  run_all();
  return 0;
}
