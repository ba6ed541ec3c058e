// make_kernel_test SET OUT.cpp: writes a program that runs each case of a set on its target and compares every
// output with the reference of tests/kernels/s8_support.hpp. It prints one line per case, and marks each call
// as a region for the instruction counter (tests/target/probe.hpp).
#include <cstdio>
#include <cstring>

#include "cases.hpp"
#include "pack_winograd.hpp"
#include "s8_support.hpp"

namespace {
using namespace kernel_tests;

const char* type_name(std::int8_t) { return "int8_t"; }
const char* type_name(std::int16_t) { return "int16_t"; }
const char* type_name(std::int32_t) { return "int32_t"; }

template <class T>
void write_array(std::FILE* out, const char* name, const char* what, const std::vector<T>& values) {
  std::fprintf(out, "alignas(4) CASE_CONST const %s %s_%s[%zu] = {", type_name(T{}), name, what, values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    std::fprintf(out, "%s%ld", i == 0 ? "" : (i % 24 == 0 ? ",\n" : ","), static_cast<long>(values[i]));
  std::fprintf(out, "};\n");
}

template <class P>
netsuke::PackedWeights pack(const char* kernel, const Layer<P>& layer) {
  const netsuke::PackChoice choice{P::layout != netsuke::kLayoutPlain,
                                   P::layout == netsuke::kLayoutWide || P::layout == netsuke::kLayoutPairs,
                                   P::layout == netsuke::kLayoutVectors || P::layout == netsuke::kLayoutWindows,
                                   P::layout == netsuke::kLayoutDual, 0};
  if (std::strcmp(kernel, "winograd_rows_s8") == 0)
    return netsuke::pack_winograd_rows_s8(layer.weights, layer.folded, P::in_c, P::kernel_h).value_or(netsuke::PackedWeights{});
  if (std::strcmp(kernel, "winograd_s8") == 0)
    return netsuke::pack_winograd_s8(layer.weights, layer.folded, P::in_c).value_or(netsuke::PackedWeights{});
  if (std::strncmp(kernel, "depthwise_s8", 12) == 0) return netsuke::pack_depthwise_s8(layer.weights, conv_shape<P>(), choice);
  return netsuke::pack_conv2d_s8(layer.weights, layer.folded, conv_shape<P>(), choice);
}

// Weights as training leaves them, small ones more often than large ones: for figures that depend on them.
template <class P>
void make_triangular(Layer<P>& layer) {
  const Weights16 other = random_integers<std::int16_t>(P::out_c * Layer<P>::steps, 5, -127, 127);
  for (std::size_t i = 0; i < other.size(); ++i) layer.weights[i] = static_cast<std::int16_t>((layer.weights[i] + other[i]) / 2);
  layer.folded = netsuke::fold_zero_point(layer.bias, layer.weights, P::out_c, P::in_zero);
}

template <class P>
void write_case(std::FILE* out, bool layers, const char* name, const char* kernel, const char* parameters) {
  Layer<P> layer;
  if (layers && P::layout == netsuke::kLayoutDual) make_triangular(layer);
  const netsuke::PackedWeights packed = pack<P>(kernel, layer);
  if (packed.layout != P::layout) {
    std::fprintf(stderr, "%s: the weights do not allow its layout\n", name);
    std::exit(1);
  }
  std::fprintf(out, "\ntypedef %s %s_P;\n", parameters, name);
  write_array(out, name, "in", layer.in);
  write_array(out, name, "weights", stored_as<typename P::weight_t>(packed.values));
  write_array(out, name, "bias", layer.folded);
  write_array(out, name, "multipliers", layer.multipliers);
  write_array(out, name, "expected", conv2d_s8_reference<P>(layer.in, layer.weights, layer.bias, layer.multipliers));
  std::fprintf(out, "[[gnu::noinline]] void %s_run(const %s_P::in_t* in, %s_P::out_t* out) {\n", name, name, name);
  std::fprintf(out, "  netsuke::%s<%s_P>(in, %s_weights, %s_bias, %s_multipliers, out);\n}\n", kernel, name, name, name, name);
  std::fprintf(out, "constexpr long %s_macs = %ldL;\n", name,
               static_cast<long>(out_count<P>() * Layer<P>::steps));
}

#define NETSUKE_STRING_OF(x) #x
#define NETSUKE_STRING(x) NETSUKE_STRING_OF(x)
const char* const kHead = "// Written by make_kernel_test.\n#define NETSUKE_CASES_DUAL " NETSUKE_STRING(
    NETSUKE_CASES_DUAL) R"(
#include <stdio.h>
#include <string.h>

#include "cases.hpp"
#include "netsuke/conv2d_s8.hpp"
#include "netsuke/dense_s8.hpp"
#include "netsuke/depthwise_s8.hpp"
#include "netsuke/winograd_rows_s8.hpp"
#include "netsuke/winograd_s8.hpp"

#if defined(__AVR__)
#define CASE_CONST PROGMEM
#else
#define CASE_CONST
#endif
#if !defined(NETSUKE_TEST_BEGIN)
#define NETSUKE_TEST_BEGIN()
#define NETSUKE_TEST_END()
#endif

namespace netsuke {
// As calls in segments run: rings hand over one row at a time.
template <class P>
void depthwise_s8_by_rows(const typename P::in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                          const int32_t* multipliers, typename P::out_t* out) {
  for (index_t y = 0; y < P::out_h; ++y) {
    const typename P::in_t* rows[P::kernel_h];
    window_rows<P>(in, y, rows);
    depthwise_s8_row<P>(rows, weights, bias, multipliers, out + y * P::out_w * P::in_c);
  }
}
}  // namespace netsuke

namespace {
using namespace cases;
)";

const char* const kTail = R"(
template <class T>
long differences(const T* out, const T* expected, long count) {
  long wrong = 0;
  for (long i = 0; i < count; ++i) wrong += out[i] != netsuke::rom(expected + i) ? 1 : 0;
  return wrong;
}

int failures = 0;

void report(const char* name, long macs, long wrong) {
  printf("case %s macs=%ld %s\n", name, macs, wrong == 0 ? "ok" : "WRONG");
  if (wrong != 0) ++failures;
}

template <class T>
void copy_in(T* to, const T* from, long count) {
  for (long i = 0; i < count; ++i) to[i] = netsuke::rom(from + i);
}

long in_area[kInBytes / 4 + 1], out_area[kOutBytes / 4 + 1];

#define RUN_CASE(name)                                                       \
  {                                                                          \
    typedef name##_P::in_t in_t;                                             \
    typedef name##_P::out_t out_t;                                           \
    in_t* const in = static_cast<in_t*>(static_cast<void*>(in_area));        \
    out_t* const out = static_cast<out_t*>(static_cast<void*>(out_area));    \
    copy_in(in, name##_in, static_cast<long>(sizeof name##_in / sizeof(in_t))); \
    NETSUKE_TEST_BEGIN();                                                    \
    name##_run(in, out);                                                     \
    NETSUKE_TEST_END();                                                      \
    report(#name, name##_macs,                                               \
           differences(out, name##_expected, static_cast<long>(sizeof name##_expected / sizeof(out_t)))); \
  }

}  // namespace

int main() {
)";

struct Sizes {
  long in = 0, out = 0;
  template <class P>
  void add() {
    in = std::max(in, static_cast<long>(in_count<P>() * static_cast<int>(sizeof(typename P::in_t))));
    out = std::max(out, static_cast<long>(out_count<P>() * static_cast<int>(sizeof(typename P::out_t))));
  }
};

}  // namespace

#define WRITE_CASE(name, kernel, ...) write_case<__VA_ARGS__>(out, layers, #name, #kernel, #__VA_ARGS__); sizes.add<__VA_ARGS__>();
#define WRITE_CALL(name, kernel, ...) std::fprintf(out, "  RUN_CASE(%s)\n", #name);

#define WRITE_SET(list)                                                                            \
  {                                                                                                \
    Sizes sizes;                                                                                   \
    list(WRITE_CASE);                                                                              \
    std::fprintf(out, "\nconstexpr long kInBytes = %ldL, kOutBytes = %ldL;\n", sizes.in, sizes.out); \
    std::fputs(kTail, out);                                                                        \
    list(WRITE_CALL);                                                                              \
  }

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::FILE* const out = std::fopen(argv[2], "w");
  if (out == nullptr) return 2;
  std::fputs(kHead, out);
  const bool layers = std::strcmp(argv[1], "layers") == 0;
  if (layers) WRITE_SET(NETSUKE_LAYER_CASES);
  if (std::strcmp(argv[1], "vectors") == 0) WRITE_SET(NETSUKE_VECTOR_CASES);
  if (std::strcmp(argv[1], "winograd") == 0) WRITE_SET(NETSUKE_WINOGRAD_CASES);
  if (std::strcmp(argv[1], "dual") == 0) WRITE_SET(NETSUKE_DUAL_CASES);
  if (std::strcmp(argv[1], "small") == 0) WRITE_SET(NETSUKE_SMALL_CASES);
  if (std::strcmp(argv[1], "depthwise") == 0) WRITE_SET(NETSUKE_DEPTHWISE_CASES);
  std::fputs("  printf(\"netsuke-test: %s\\n\", failures == 0 ? \"PASS\" : \"FAIL\");\n  return failures;\n}\n", out);
  return std::fclose(out);
}
