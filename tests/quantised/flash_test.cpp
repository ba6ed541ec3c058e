// --flash-budget: which layers keep their weights at int8 size.
#include "lower/flash.hpp"
#include "quantised/text.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

// Two convolutions: the first uses each of its weights 256 times, the second 16 times.
Graph two_layers() {
  Text t;
  t.grid("x", "int8", 0.01, 3).grid("w", "int8", 0.01, 0).grid("y", "int8", 0.05, -5).round("x", "dx", "x");
  t.constant("int8[8,8,1,1] v", ints(64, -127, 127)).constant("int8[32,8,1,1] w", ints(256, -127, 127, 2));
  t.node("dv = DequantizeLinear(v, s_w, z_w)").node("dw = DequantizeLinear(w, s_w, z_w)");
  t.node("c = Conv(dx, dv)").round("c", "dc", "y");
  t.node("d = Conv<strides=[4,4]>(dc, dw)").round("d", "y", "y");
  return without(load_text(t.model("(float[1,8,16,16] x) => (float[n,c,h,w] y)")), {});
}

const PackChoice kWide{.dual_multiply = true, .wide = true};

int64_t bytes(const Graph& g, const PackChoice& pack, const std::set<std::string>& small = {}) {
  return weight_bytes(lower(g, pack, small));
}

std::string conv_name(const Graph& g, size_t i) {
  std::vector<std::string> names;
  for (const Node& n : g.nodes)
    if (n.op == "Conv") names.push_back(n.name);
  return names.at(i);
}

}  // namespace

TEST_CASE("Flash goes to the layers where a byte saves most") {
  Graph g = two_layers();
  const std::string often = conv_name(g, 0), seldom = conv_name(g, 1);
  const int64_t large = bytes(g, kWide), least = bytes(g, at_int8_size(kWide));
  REQUIRE(large == least + 64 + 256);
  CHECK(kept_at_int8_size(g, kWide, large).empty());
  CHECK(kept_at_int8_size(g, kWide, large - 1) == std::set{seldom});
  CHECK(kept_at_int8_size(g, kWide, least + 64) == std::set{seldom});
  CHECK(kept_at_int8_size(g, kWide, least + 63) == std::set{often, seldom});
  CHECK(kept_at_int8_size(g, kWide, 0) == std::set{often, seldom});  // the budget is refused elsewhere
  for (int64_t budget : {large - 1, least + 64, least + 63}) CHECK(bytes(g, kWide, kept_at_int8_size(g, kWide, budget)) <= budget);
}

TEST_CASE("Layers at int8 size are in the program as if they had been asked for") {
  Graph g = two_layers();
  Program p = lower(g, kWide, {conv_name(g, 1)});
  std::string types;
  for (const Call& c : p.calls)
    for (const Parameter& parameter : c.parameters)
      if (parameter.name == "weight_t") types += std::get<TypeName>(parameter.value).name + " ";
  CHECK(types == "int16_t int8_t ");
}
