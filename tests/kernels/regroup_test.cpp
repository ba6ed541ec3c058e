// Rows of planes regrouped, to another place and where they lie.
#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "netsuke/regroup.hpp"

namespace {

template <class Element, int kOuter, int kRows, int kInner>
struct P {
  typedef Element T;
  static constexpr std::int32_t outer = kOuter, rows = kRows, inner = kInner;
};

template <class P>
void try_regroup() {
  typedef typename P::T T;
  constexpr std::size_t kCount = std::size_t{P::outer} * P::rows * P::inner, kGuard = 16;
  constexpr std::size_t kScratch = std::size_t{P::inner} * sizeof(T) + (P::outer * P::rows + 7) / 8;
  std::vector<T> in(kCount), expected(kCount), out(kCount);
  for (std::size_t i = 0; i < kCount; ++i) in[i] = static_cast<T>(i % 251);
  for (int r = 0, at = 0; r < P::rows; ++r)
    for (int o = 0; o < P::outer; ++o)
      for (int i = 0; i < P::inner; ++i) expected[static_cast<std::size_t>(at++)] = in[static_cast<std::size_t>((o * P::rows + r) * P::inner + i)];
  std::vector<std::uint8_t> scratch(kScratch + kGuard, 0xA5);
  netsuke::regroup<P>(in.data(), out.data(), scratch.data());
  CHECK(out == expected);
  netsuke::regroup<P>(in.data(), in.data(), scratch.data());
  CHECK(in == expected);
  for (std::size_t i = kScratch; i < scratch.size(); ++i) CHECK(scratch[i] == 0xA5);
}

}  // namespace

TEST_CASE("rows of planes are regrouped") {
  try_regroup<P<std::int8_t, 3, 96, 96>>();
  try_regroup<P<float, 3, 32, 32>>();
  try_regroup<P<std::int16_t, 4, 4, 5>>();
  try_regroup<P<std::int8_t, 1, 7, 3>>();
  try_regroup<P<std::int8_t, 7, 1, 3>>();
  try_regroup<P<double, 2, 3, 1>>();
  try_regroup<P<std::int8_t, 5, 13, 2>>();
}
