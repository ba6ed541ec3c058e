// What the tests of the passes share.
#pragma once

#include <catch2/catch.hpp>
#include <set>

#include "passes/pipeline.hpp"
#include "support/models.hpp"

namespace netsuke::test {

// "Conv Reshape Dense": the operators of a graph in order, with the functions fused behind them.
inline std::string ops(const Graph& g) {
  std::string text;
  for (const Node& n : g.nodes) {
    text += (text.empty() ? "" : " ") + n.op;
    for (const Activation& a : n.activations) text += "|" + a.function;
  }
  return text;
}

inline const Node& node(const Graph& g, std::string_view op, size_t which = 0) {
  for (const Node& n : g.nodes)
    if (n.op == op && which-- == 0) return n;
  FAIL("no such node: " << op << " in\n" << to_text(g));
  throw 0;
}

inline std::vector<float> constant(const Graph& g, ValueId v) {
  auto values = constant_of(g, v)->as<float>();
  return {values.begin(), values.end()};
}

// The largest difference of two models' outputs on random inputs, relative to the largest output.
inline double difference(const Graph& a, const Graph& b, uint32_t seeds = 3) {
  double worst = 0;
  for (uint32_t seed = 0; seed < seeds; seed++) {
    std::vector<Tensor> inputs = random_inputs(a, seed), x = evaluate(a, inputs), y = evaluate(b, inputs);
    REQUIRE(x.size() == y.size());
    for (size_t i = 0; i < x.size(); i++) {
      REQUIRE(x[i].type == y[i].type);
      REQUIRE(x[i].shape == y[i].shape);
      std::vector<double> p = to_doubles(x[i]), q = to_doubles(y[i]);
      double largest = 1e-30;
      for (double v : p) largest = std::max(largest, std::abs(v));
      for (size_t k = 0; k < p.size(); k++) {
        if (p[k] != q[k]) worst = std::max(worst, std::isfinite(p[k] - q[k]) ? std::abs(p[k] - q[k]) / largest : 1e30);
      }
    }
  }
  return worst;
}

inline Graph without(const Graph& g, std::vector<std::string> disabled) {
  Graph result = g;
  run_passes(result, {std::move(disabled)});
  return result;
}

// Runs just these passes, in the pipeline's order; not even those that lowering requires.
inline Graph with_only(const Graph& g, const std::set<std::string>& passes) {
  Graph result = g;
  size_t found = 0;
  for (const Pass& p : pipeline())
    if (passes.contains(std::string(p.name))) {
      p.run(result, {});
      verify(result, std::string(p.name));
      found++;
    }
  REQUIRE(found == passes.size());
  return result;
}

}  // namespace netsuke::test
