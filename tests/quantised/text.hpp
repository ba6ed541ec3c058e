// Text of small quantised models.
#pragma once

#include <catch2/catch.hpp>

#include "passes/support.hpp"
#include "support/models.hpp"

namespace netsuke::test {

// "3, -4, 5": `count` integers in [low, high], the same for the same seed.
inline std::string ints(int64_t count, int low, int high, uint32_t seed = 1) {
  std::string text;
  uint32_t state = seed * 2654435761u + 12345u;
  for (int64_t i = 0; i < count; i++) {
    state = state * 1664525u + 1013904223u;
    text += fmt::format("{}{}", i ? ", " : "", low + static_cast<int>((state >> 8) % static_cast<uint32_t>(high - low + 1)));
  }
  return text;
}

// A model being written: initialisers and nodes.
struct Text {
  std::string header = R"(<ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1]>)";
  std::string initialisers, nodes;

  Text& constant(const std::string& declaration, const std::string& values) {
    initialisers += (initialisers.empty() ? "" : ", ") + declaration + " = {" + values + "}";
    return *this;
  }
  // The scalars s_NAME and z_NAME.
  Text& grid(const std::string& name, const std::string& type, double scale, int zero) {
    constant("float s_" + name, fmt::format("{}", scale));
    return constant(type + " z_" + name, fmt::format("{}", zero));
  }
  Text& node(const std::string& line) {
    nodes += "  " + line + "\n";
    return *this;
  }
  // to = DequantizeLinear(QuantizeLinear(from)) on that grid.
  Text& round(const std::string& from, const std::string& to, const std::string& grid_name) {
    node(fmt::format("q_{0} = QuantizeLinear({1}, s_{2}, z_{2})", to, from, grid_name));
    return node(fmt::format("{0} = DequantizeLinear(q_{0}, s_{1}, z_{1})", to, grid_name));
  }
  std::string model(const std::string& signature) const {
    return header + "\ng " + signature + (initialisers.empty() ? "" : "\n<" + initialisers + ">") + "\n{\n" + nodes + "}\n";
  }
};

// Operators of the model after all passes.
inline std::string final_ops(const std::string& model) { return ops(without(load_text(model), {})); }

}  // namespace netsuke::test
