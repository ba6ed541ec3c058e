// Two parts need different addresses if they are in use in one step, or if they belong to one block. So the bytes
// of parts of which every two need different addresses are a lower bound: a clique of that graph. All that is in use
// in one step is such a clique. Others may be heavier: a row that is made and used in every sweep meets all places
// of a ring, one after the other.
#include "lower/bound.hpp"

#include <algorithm>
#include <numeric>

namespace netsuke {
namespace {

constexpr size_t kMostParts = 2000;  // of programs that are looked at more closely
constexpr size_t kMostStarts = 64;

struct Graph {
  std::vector<Part> parts;
  std::vector<std::vector<bool>> apart;  // of two parts: they need different addresses
};

using Clique = std::vector<size_t>;

Graph graph_of(const std::vector<std::vector<Part>>& blocks) {
  Graph g;
  std::vector<size_t> block;
  for (size_t b = 0; b < blocks.size(); b++)
    for (const Part& part : blocks[b]) {
      if (part.spans.empty()) continue;
      g.parts.push_back(part);
      block.push_back(b);
    }
  if (g.parts.size() > kMostParts) return g;
  g.apart.assign(g.parts.size(), std::vector<bool>(g.parts.size(), false));
  for (size_t i = 0; i < g.parts.size(); i++)
    for (size_t j = 0; j < i; j++)
      g.apart[i][j] = g.apart[j][i] = block[i] == block[j] || meet(g.parts[i].spans, g.parts[j].spans);
  return g;
}

Clique in_use(const Graph& g, int64_t step) {
  Clique clique;
  for (size_t i = 0; i < g.parts.size(); i++)
    if (meet(g.parts[i].spans, {{step, step}})) clique.push_back(i);
  return clique;
}

int64_t bytes_of(const Graph& g, const Clique& clique) {
  int64_t bytes = 0;
  for (size_t i : clique) bytes += g.parts[i].bytes;
  return bytes;
}

// All parts that need other addresses than the clique's, large ones first.
void extend(const Graph& g, const std::vector<size_t>& by_size, Clique& clique) {
  for (size_t i : by_size)
    if (std::all_of(clique.begin(), clique.end(), [&](size_t c) { return c != i && g.apart[i][c]; })) clique.push_back(i);
}

}  // namespace

std::vector<Moment> moments_of(const std::vector<Part>& parts) {
  std::vector<std::pair<int64_t, int64_t>> changes;  // step, bytes more
  for (const Part& part : parts)
    for (const Span& s : part.spans) {
      changes.push_back({s.first, part.bytes});
      changes.push_back({s.last + 1, -part.bytes});
    }
  std::sort(changes.begin(), changes.end());
  std::vector<Moment> moments;
  int64_t now = 0;
  for (auto [step, bytes] : changes) {
    now += bytes;
    if (bytes <= 0) continue;
    if (!moments.empty() && moments.back().step == step) moments.back().bytes = now;
    else moments.push_back({step, now});
  }
  std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) { return a.bytes > b.bytes; });
  return moments;
}

bool meet(const std::vector<Span>& a, const std::vector<Span>& b) {
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    if (x->last < y->first) ++x;
    else if (y->last < x->first) ++y;
    else return true;
  }
  return false;
}

int64_t lower_bound_of(const std::vector<std::vector<Part>>& blocks) {
  Graph g = graph_of(blocks);
  std::vector<Moment> moments = moments_of(g.parts);
  if (moments.empty()) return 0;
  int64_t most = moments.front().bytes;
  if (g.apart.empty()) return most;
  std::vector<size_t> by_size(g.parts.size());
  std::iota(by_size.begin(), by_size.end(), 0);
  std::stable_sort(by_size.begin(), by_size.end(), [&](size_t a, size_t b) { return g.parts[a].bytes > g.parts[b].bytes; });
  for (size_t m = 0; m < std::min(moments.size(), kMostStarts); m++) {
    Clique clique = in_use(g, moments[m].step);
    extend(g, by_size, clique);
    most = std::max(most, bytes_of(g, clique));
  }
  return most;
}

}  // namespace netsuke
