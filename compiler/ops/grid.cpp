#include "ops/grid.hpp"

namespace netsuke {

void set_grid_attributes(Node& n, const Quantization& q) {
  n.attributes["scales"] = q.scales;
  n.attributes["zero_points"] = std::vector<int64_t>(q.zero_points.begin(), q.zero_points.end());
  if (q.axis >= 0) n.attributes["axis"] = q.axis;
  n.attributes["storage"] = static_cast<int64_t>(q.type);
}

Quantization grid_attributes(const Node& n) {
  const auto& zero_points = get_ints(n, "zero_points");
  return {std::get<std::vector<float>>(n.attributes.at("scales")), {zero_points.begin(), zero_points.end()},
          has_attribute(n, "axis") ? get_int(n, "axis") : -1, static_cast<DType>(get_int(n, "storage"))};
}

Node grid_node(std::string op, std::string name, ValueId in, ValueId out, const Quantization& q) {
  Node n{std::move(op), std::move(name), {in}, {out}, {}, {}};
  set_grid_attributes(n, q);
  return n;
}

}  // namespace netsuke
