#include "passes/channel_search.hpp"

#include <algorithm>
#include <cmath>

#include "ops/activation.hpp"
#include "ops/helpers.hpp"

namespace netsuke::channel_search {

void keep_all(Search& s, ValueId v) {
  if (v == kNoValue) return;
  const ChannelRange r = s.range(v);
  for (int64_t c = 0; c < r.count; c++) s.cells.kept[cell(r, c)] = true;
}

ChannelRange add_cells(Search& s, ValueId v, size_t axis) {
  ChannelRange r{static_cast<int64_t>(axis), s.shape(v)[axis], s.cells.parent.size()};
  s.cells.ranges[static_cast<size_t>(v)] = r;
  for (int64_t c = 0; c < r.count; c++) s.cells.parent.push_back(cell(r, c));
  s.cells.constant.resize(s.cells.parent.size());
  s.cells.kept.resize(s.cells.parent.size(), false);
  return r;
}

Constant finite(double x) { return std::isfinite(x) ? Constant(static_cast<float>(x)) : std::nullopt; }

Constant activated(const Node& n, Constant c) {
  for (const Activation& a : n.activations)
    if (c) c = finite(double(evaluate(a, *c)));
  return c;
}

bool has_any(const Node& n, const std::string& key, int64_t other_than) {
  if (!has_attribute(n, key)) return false;
  const auto& values = get_ints(n, key);
  return std::any_of(values.begin(), values.end(), [&](int64_t v) { return v != other_than; });
}

}  // namespace netsuke::channel_search
