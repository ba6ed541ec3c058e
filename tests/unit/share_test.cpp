#include "lower/share.hpp"

#include <catch2/catch.hpp>

using namespace netsuke;

namespace {

Call pointwise(int64_t in_c, int64_t out_c, int64_t macs, int64_t out_zero = -128) {
  Call c;
  c.kernel = "conv2d_s8";
  c.macs = macs;
  for (const char* type : {"in_t", "weight_t", "out_t"}) c.parameters.push_back({type, TypeName{"int8_t"}});
  for (const char* one : {"kernel_h", "kernel_w", "stride_h", "stride_w", "group"}) c.parameters.push_back({one, int64_t{1}});
  for (const char* zero : {"pad_top", "pad_left", "layout"}) c.parameters.push_back({zero, int64_t{0}});
  c.parameters.insert(c.parameters.end(), {{"in_c", in_c}, {"out_c", out_c}, {"out_zero", out_zero}, {"out_min", int64_t{-128}},
                                           {"out_max", int64_t{127}}, {"shift", int64_t{32}}, {"per_channel", true}});
  return c;
}

// 0: the call has no such parameter.
int64_t sharing(const Call& c) {
  for (const Parameter& p : c.parameters)
    if (p.name == "sharing") return std::get<int64_t>(p.value);
  return 0;
}

std::vector<int64_t> shared(std::vector<Call> calls) {
  Program p;
  p.calls = std::move(calls);
  share_code(p);
  std::vector<int64_t> result;
  for (const Call& c : p.calls) result.push_back(sharing(c));
  return result;
}

}  // namespace

TEST_CASE("layers with few multiply-accumulates share their code") {
  CHECK(shared({pointwise(8, 16, 1000), pointwise(16, 8, 60), pointwise(8, 4, 50)}) == std::vector<int64_t>{1, 2, 2});
  CHECK(shared({pointwise(8, 16, 1000), pointwise(16, 8, 100), pointwise(8, 4, 50)}) == std::vector<int64_t>{1, 1, 2});
}

TEST_CASE("one shape alone has nobody to share its code with") {
  CHECK(shared({pointwise(8, 16, 1000), pointwise(8, 16, 10)}) == std::vector<int64_t>{0, 0});
  CHECK(shared({pointwise(8, 16, 1000), pointwise(16, 8, 10, 0)}) == std::vector<int64_t>{0, 0});
}

TEST_CASE("only plain pointwise convolutions share their code") {
  Call strided = pointwise(16, 8, 10);
  for (Parameter& p : strided.parameters)
    if (p.name == "stride_w") p.value = int64_t{2};
  CHECK(shared({pointwise(8, 16, 1000), strided}) == std::vector<int64_t>{0, 0});
}
