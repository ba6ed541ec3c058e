#include "netsuke/dense_f32.hpp"
#include "support.hpp"

namespace {
using namespace kernel_tests;

template <int Batch, int In, int Out, int Flags = kPlain>
struct Dense {
  static constexpr std::int32_t batch = Batch, in_c = In, out_c = Out;
  static constexpr bool has_bias = (Flags & kNoBias) == 0;
  static float act(float x) { return (Flags & kRelu) != 0 ? netsuke::relu(x) : x; }
};

template <class P>
Doubles dense_reference(const Floats& in, const Floats& weights, const Floats& bias) {
  Doubles out;
  for (std::size_t b = 0; b < P::batch; ++b) {
    for (std::size_t o = 0; o < P::out_c; ++o) {
      double sum = P::has_bias ? static_cast<double>(bias[o]) : 0.0;
      for (std::size_t i = 0; i < P::in_c; ++i) {
        sum += static_cast<double>(in[b * P::in_c + i]) * static_cast<double>(weights[o * P::in_c + i]);
      }
      out.push_back(static_cast<double>(P::act(static_cast<float>(sum))));
    }
  }
  return out;
}

using DenseShapes =
    std::tuple<Dense<1, 640, 128, kRelu>, Dense<1, 128, 8>, Dense<1, 8, 128>, Dense<1, 64, 12>,
               Dense<1, 1, 1>, Dense<1, 1, 16>, Dense<1, 3, 17>, Dense<1, 5, 2>, Dense<1, 7, 31, kNoBias>,
               Dense<3, 10, 10>, Dense<9, 13, 20, kRelu>, Dense<2, 33, 48, kNoBias>, Dense<40, 6, 3>,
               Dense<5, 4, 1>>;

TEMPLATE_LIST_TEST_CASE("dense_f32 equals the reference", "[dense]", DenseShapes) {
  using P = TestType;
  const Floats in = random_floats(std::int64_t{P::batch} * P::in_c, 1);
  const Floats bias = P::has_bias ? random_floats(P::out_c, 2) : Floats();
  const Floats weights = random_floats(std::int64_t{P::out_c} * P::in_c, 3);
  const Floats packed = netsuke::pack_dense(weights, P::out_c, P::in_c);
  REQUIRE(packed.size() == weights.size());
  Guarded out(std::int64_t{P::batch} * P::out_c);
  netsuke::dense_f32<P>(in.data(), packed.data(), P::has_bias ? bias.data() : nullptr, out.data());
  require_close(out.checked(), dense_reference<P>(in, weights, bias));
}

}  // namespace
