// What the files of channels.cpp share: the search for constant channels, and how it deals with operators.
#pragma once

#include <optional>

#include "passes/channels.hpp"

namespace netsuke::channel_search {

using Constant = std::optional<float>;

struct Search {
  const Graph& g;
  Cells cells;

  const ChannelRange& range(ValueId v) const { return cells.range(v); }
  const Shape& shape(ValueId v) const { return g[v].shape; }
};

inline size_t cell(const ChannelRange& r, int64_t channel) { return r.first + static_cast<size_t>(channel); }
inline bool has_cells(const ChannelRange& r) { return r.axis >= 0; }

inline size_t root(Cells& c, size_t i) {
  while (c.parent[i] != i) i = c.parent[i] = c.parent[c.parent[i]];
  return i;
}

inline void join(Search& s, size_t a, size_t b) { s.cells.parent[root(s.cells, a)] = root(s.cells, b); }

void keep_all(Search& s, ValueId v);

// Gives the value cells along `axis`, nothing known of them yet.
ChannelRange add_cells(Search& s, ValueId v, size_t axis);

Constant finite(double x);
// What the node's fused activations make of a constant.
Constant activated(const Node& n, Constant c);

// Whether the attribute lists a number other than this.
bool has_any(const Node& n, const std::string& key, int64_t other_than);

// Conv, ConvTranspose and Dense with constant float weights.
bool is_weighted(const Graph& g, const Node& n);
void visit_weighted(Search& s, const Node& n);

}  // namespace netsuke::channel_search
