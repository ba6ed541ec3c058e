// y = Pad(x, 0); z = Conv(y)           →   z = Conv(x), padded by as much more
// y = Pad(x, 0); z = AveragePool(y)    →   z = AveragePool(x) that counts its padding
// y = Pad(x, -inf); z = MaxPool(y)     →   z = MaxPool(x), padded; with 0 too where x is never negative
//
// Needs a constant Pad of spatial dimensions by no negative amount. A Pad with several readers goes into
// each that can take it and stays for the others. Exact.
#include <algorithm>
#include <limits>

#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

struct Padding {
  ValueId x;
  std::vector<int64_t> begin, end;  // of the spatial dimensions
  float value;
};

std::optional<Padding> padding_of(const Graph& g, const Node& n) {
  if (n.op != "Pad" || !n.activations.empty() || rounds_anew(g, n, n.inputs[0]) || get_string(n, "mode") != "constant") return std::nullopt;
  if (g[n.inputs[0]].type != DType::kFloat32) return std::nullopt;
  const auto& pads = get_ints(n, "pads");
  size_t rank = pads.size() / 2;
  if (rank < 3 || std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p < 0; })) return std::nullopt;
  if (pads[0] != 0 || pads[1] != 0 || pads[rank] != 0 || pads[rank + 1] != 0) return std::nullopt;
  auto middle = pads.begin() + static_cast<std::ptrdiff_t>(rank);
  return Padding{n.inputs[0], {pads.begin() + 2, middle}, {middle + 2, pads.end()}, get_float(n, "value")};
}

bool has_own_pads(const Node& n) {
  const auto& pads = get_ints(n, "pads");
  return std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; });
}

std::vector<int64_t> summed_pads(const Node& n, const Padding& p) {
  std::vector<int64_t> pads = get_ints(n, "pads");
  for (size_t i = 0; i < p.begin.size(); i++) {
    pads[i] += p.begin[i];
    pads[p.begin.size() + i] += p.end[i];
  }
  return pads;
}

// Every window covers at least one element that is not padding.
bool windows_touch_input(const Node& n, const std::vector<int64_t>& pads) {
  const auto& kernel = get_ints(n, "kernel_shape");
  for (size_t i = 0; i < pads.size(); i++)
    if (pads[i] >= kernel[i % kernel.size()] || get_ints(n, "dilations")[i % kernel.size()] != 1) return false;
  return true;
}

bool can_fuse(const Graph& g, const Links& links, const Node& n, const Padding& p) {
  if (n.op == "Conv") return p.value == 0;
  // With ceil_mode the windows that hang over the end are not those of the padded map.
  if ((n.op != "AveragePool" && n.op != "MaxPool") || get_int(n, "ceil_mode") != 0) return false;
  if (n.op == "AveragePool")
    return p.value == 0 && (get_int(n, "count_include_pad") != 0 || !has_own_pads(n));
  if (!windows_touch_input(n, summed_pads(n, p))) return false;
  return p.value <= std::numeric_limits<float>::lowest() || (p.value == 0 && is_non_negative(g, links, p.x));
}

}  // namespace

bool fuse_pad(Graph& g, const PassOptions& options) {
  bool changed = false;
  Links links = link(g);
  for (Node& n : g.nodes) {
    const Node* pad = n.inputs.empty() ? nullptr : producer_of(g, links, n.inputs[0]);
    std::optional<Padding> p = pad ? padding_of(g, *pad) : std::nullopt;
    if (!p || !can_fuse(g, links, n, *p)) continue;
    n.attributes["pads"] = summed_pads(n, *p);
    if (n.op == "AveragePool") n.attributes["count_include_pad"] = int64_t{1};
    n.inputs[0] = p->x;
    changed = true;
  }
  return remove_dead_code(g, options) || changed;
}

}  // namespace netsuke
