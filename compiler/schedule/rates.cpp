#include "schedule/rates.hpp"

#include <algorithm>
#include <numeric>

namespace netsuke {
namespace {

Ratio reduced(int64_t over, int64_t under) {
  int64_t common = std::gcd(over, under);
  return {over / common, under / common};
}

Ratio product(Ratio a, Ratio b) { return reduced(a.over * b.over, a.under * b.under); }
Ratio inverse(Ratio a) { return {a.under, a.over}; }

constexpr int64_t kLargest = 1 << 16;  // numerators and denominators beyond it are no schedule for anybody

}  // namespace

Rates::Rates(int calls) : calls_(calls) {
  for (int i = 0; i < calls; i++) nodes_.push_back({i, {}});
}

std::pair<int, Ratio> Rates::root(int node) const {
  Ratio ratio;
  while (nodes_[static_cast<size_t>(node)].parent != node) {
    ratio = product(ratio, nodes_[static_cast<size_t>(node)].ratio);
    node = nodes_[static_cast<size_t>(node)].parent;
  }
  return {node, ratio};
}

bool Rates::join(int call, BufferId buffer, int64_t rows, Ratio ratio) {
  auto [it, added] = of_buffer_.try_emplace({buffer, rows}, static_cast<int>(nodes_.size()));
  if (added) nodes_.push_back({it->second, {}});
  auto [a, to_a] = root(call);
  auto [b, to_b] = root(it->second);
  // interval(buffer) = ratio * interval(call) = ratio * to_a * interval(a), and = to_b * interval(b).
  Ratio between = product(product(ratio, to_a), inverse(to_b));  // interval(b) / interval(a)
  if (between.over > kLargest || between.under > kLargest) return false;
  if (a == b) return between.over == between.under;
  nodes_[static_cast<size_t>(b)] = {a, between};
  return true;
}

std::optional<std::vector<int64_t>> Rates::every() {
  std::vector<Ratio> ratios;
  int64_t scale = 1;
  for (int i = 0; i < calls_; i++) {
    auto [node, ratio] = root(i);
    if (node != root(0).first) return {};
    ratios.push_back(ratio);
    scale = std::lcm(scale, ratio.under);
    if (scale > kLargest) return {};
  }
  std::vector<int64_t> result;
  int64_t common = 0;
  for (Ratio r : ratios) {
    result.push_back(r.over * (scale / r.under));
    common = std::gcd(common, result.back());
  }
  for (int64_t& n : result) n /= common;
  return result;
}

}  // namespace netsuke
