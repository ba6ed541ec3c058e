#include "lower/flash.hpp"

#include <algorithm>

namespace netsuke {
namespace {

// What a form of the weights saves of a multiply-accumulate's instructions at int8 size. On Cortex-M4, rounded
// (docs/decisions/winograd.md); only their order matters.
double saving(const Call& c) {
  if (c.kernel == "winograd_s8") return 0.5;
  if (c.kernel == "winograd_rows_s8") return 0.35;
  if (c.kernel.starts_with("depthwise")) return 0.04;
  return 0.15;
}

struct Candidate {
  std::string node;
  int64_t more_bytes;
  double saved;
  double worth() const { return saved / static_cast<double>(more_bytes); }
};

// Both programs have the same calls, in the same order.
std::vector<Candidate> candidates(const Program& large, const Program& small) {
  NETSUKE_CHECK(large.calls.size() == small.calls.size(), "calls depend on how weights are stored");
  std::vector<Candidate> found;
  for (size_t i = 0; i < large.calls.size(); i++) {
    const Call& c = large.calls[i];
    int64_t more = weight_bytes(large, c) - weight_bytes(small, small.calls[i]);
    if (more > 0) found.push_back({c.node, more, saving(c) * static_cast<double>(c.macs)});
  }
  std::stable_sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) { return a.worth() > b.worth(); });
  return found;
}

}  // namespace

PackChoice at_int8_size(PackChoice choice) {
  choice.wide = choice.two_channels = choice.winograd_rows = false;
  choice.winograd = 0;
  return choice;
}

std::set<std::string> kept_at_int8_size(const Graph& g, const PackChoice& choice, int64_t budget) {
  Program large = lower(g, choice);
  if (weight_bytes(large) <= budget) return {};
  Program small = lower(g, at_int8_size(choice));
  int64_t left = budget - weight_bytes(small);
  std::set<std::string> kept;
  for (const Candidate& c : candidates(large, small)) {
    if (c.more_bytes <= left) left -= c.more_bytes;
    else kept.insert(c.node);
  }
  return kept;
}

}  // namespace netsuke
