// Copies that views make needless.
#include <catch2/catch.hpp>

#include "choose.hpp"
#include "lower/lowering.hpp"
#include "passes/pipeline.hpp"
#include "plan/plan.hpp"
#include "schedule/views.hpp"
#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

int64_t copies(const Program& p) {
  return std::count_if(p.calls.begin(), p.calls.end(), [](const Call& c) { return c.kernel == "strided_copy"; });
}

Program chosen(const std::string& text) {
  Graph g = load_text(text);
  run_passes(g, {});
  Program p = lower(g);
  choose(p, {Optimise::kRam, {}});
  verify(p, "views");
  check_plan(p);
  return p;
}

}  // namespace

TEST_CASE("parts of a Concat are made where they belong") {
  Program p = chosen("g (float[1,8] x) => (float[1,24] y) { a = Sigmoid(x) b = Tanh(x) s = Add(a, b) c = Concat<axis=1>(a, b, s) y = Exp(c) }");
  CHECK(copies(p) == 0);
  CHECK(p.arena_bytes == 96);
}

TEST_CASE("parts of an output are made there, if nobody else reads them") {
  Program p = chosen("g (float[1,8] x) => (float[1,16] y) { a = Sigmoid(x) b = Tanh(x) y = Concat<axis=1>(a, b) }");
  CHECK(copies(p) == 0);
  CHECK(p.arena_bytes == 0);
  p = chosen("g (float[1,8] x) => (float[1,16] y, float[1,8] z) { a = Sigmoid(x) b = Tanh(x) y = Concat<axis=1>(a, b) z = Neg(a) }");
  CHECK(copies(p) == 1);
}

TEST_CASE("parts of a Split and a Slice are read where they lie") {
  Program p = chosen("g (float[1,16] x) => (float[1,8] y) { e = Exp(x) a, b = Split<axis=1>(e) y = Add(a, b) }");
  CHECK(copies(p) == 0);
  CHECK(p.arena_bytes == 64);
  p = chosen("g (float[1,16] x) => (float[1,8] y) <int64[1] s = {4}, int64[1] t = {12}, int64[1] one = {1}> { e = Slice(x, s, t, one) y = Exp(e) }");
  CHECK(copies(p) == 0);
  CHECK(p.arena_bytes == 0);
}

TEST_CASE("what a view would keep alive too long is copied") {
  // The slice of a large map, needed at the end: the map would have to wait for it beside another one.
  std::string text = "g (float[1,64] x) => (float[1,4] y) <int64[1] s = {0}, int64[1] t = {4}, int64[1] one = {1}> { e = Exp(x) a = Slice(e, s, t, one) ";
  text += "f = Sin(e) h = Softmax<axis=1>(f) k = CumSum(h, one) m = Slice(k, s, t, one) y = Mul(a, m) }";
  Program p = chosen(text);
  CHECK(p.arena_bytes < 64 * 4 * 2 + 64);
}

TEST_CASE("a view never begins at an odd address") {
  Program p = chosen("g (float[1,8] x) => (uint8[1,6] y) <float q = {0.1}, uint8 z = {128}, int64[2] odd = {3, 5}, int64[2] even = {6, 2}> { e = QuantizeLinear(x, q, z) a, b = Split<axis=1>(e, odd) c = Concat<axis=1>(b, a) "
                     "d = DequantizeLinear(c, q, z) r = Relu(d) f, h = Split<axis=1>(r, even) y = QuantizeLinear(f, q, z) }");
  for (const Call& c : p.calls)
    for (const Argument& a : c.arguments)
      if (c.kernel != "strided_copy" && p[a.buffer].place == Place::kArena) CHECK(a.offset * size_of(p[a.buffer].type) % 4 == 0);
}
