// Dynamic storage allocation: blocks with fixed lifetimes get offsets so that the arena is smallest.
//
// First fit over several orders gives a good arena, local search over the order a better one, and a
// branch and bound proves it or finds what is left. Most networks meet the lower bound at the first step.
// All of it is deterministic: effort is limited by counting steps, never by the clock.
#include <algorithm>
#include <numeric>

#include "lower/bound.hpp"
#include "plan/plan.hpp"

namespace netsuke {
namespace {

constexpr int kGranule = 4;  // bytes: every offset is a multiple of it
constexpr int64_t kLocalSearchSteps = 20'000'000;  // pairs of blocks looked at
constexpr int64_t kRounds = 20'000, kQuickRounds = 200;  // of local search
constexpr int64_t kBranchSteps = 3'000'000;        // search nodes
constexpr int64_t kSomeBranchSteps = 300'000;      // where they prove nothing

int64_t align_up(int64_t offset, int64_t align) { return (offset + align - 1) / align * align; }

// --- who is in whose way ---

// Offsets that block i must not have, counted from that of block j: low < difference < high.
struct Barrier {
  int64_t low, high;
};
struct Neighbour {
  size_t block;
  std::vector<Barrier> barriers;  // ascending, apart
};

struct Problem {
  const std::vector<Block>& blocks;
  std::vector<std::vector<Part>> parts;
  std::vector<std::vector<Neighbour>> neighbours;  // blocks that are not free to lie anywhere
  bool solid = true;  // any two neighbours must not overlap at all
};

std::vector<Part> parts_of(const Block& b) {
  if (!b.parts.empty()) return b.parts;
  return {{0, align_up(b.bytes, kGranule), {{b.first, b.last}}}};
}

std::vector<Barrier> merged(std::vector<Barrier> barriers) {
  std::sort(barriers.begin(), barriers.end(), [](const Barrier& a, const Barrier& b) { return a.low < b.low; });
  std::vector<Barrier> result;
  for (const Barrier& b : barriers)
    if (result.empty() || b.low >= result.back().high) result.push_back(b);
    else result.back().high = std::max(result.back().high, b.high);
  return result;
}

std::vector<Barrier> barriers_between(const std::vector<Part>& a, const std::vector<Part>& b) {
  std::vector<Barrier> barriers;
  for (const Part& x : a)
    for (const Part& y : b)
      if (meet(x.spans, y.spans)) barriers.push_back({y.at - x.at - x.bytes, y.at + y.bytes - x.at});
  return merged(std::move(barriers));
}

std::vector<Barrier> turned(const std::vector<Barrier>& barriers) {
  std::vector<Barrier> result;
  for (size_t i = barriers.size(); i-- > 0;) result.push_back({-barriers[i].high, -barriers[i].low});
  return result;
}

bool is_solid(const Block& a, const Block& b, const std::vector<Barrier>& barriers) {
  return barriers.size() == 1 && barriers[0].low == -align_up(a.bytes, kGranule) && barriers[0].high == align_up(b.bytes, kGranule);
}

Problem make_problem(const std::vector<Block>& blocks) {
  Problem p{blocks, {}, std::vector<std::vector<Neighbour>>(blocks.size())};
  for (const Block& b : blocks) p.parts.push_back(parts_of(b));
  for (size_t i = 0; i < blocks.size(); i++)
    for (size_t j = 0; j < i; j++) {
      if (blocks[i].first > blocks[j].last || blocks[j].first > blocks[i].last) continue;
      std::vector<Barrier> barriers = barriers_between(p.parts[i], p.parts[j]);
      if (barriers.empty()) continue;
      p.solid &= is_solid(blocks[i], blocks[j], barriers);
      p.neighbours[j].push_back({i, turned(barriers)});
      p.neighbours[i].push_back({j, std::move(barriers)});
    }
  return p;
}

// The same if neighbours must not overlap at all: what is found for it is right, too.
Problem made_solid(Problem p) {
  for (size_t i = 0; i < p.blocks.size(); i++)
    for (Neighbour& n : p.neighbours[i])
      n.barriers = {{-align_up(p.blocks[i].bytes, kGranule), align_up(p.blocks[n.block].bytes, kGranule)}};
  p.solid = true;
  return p;
}

// Lowest offset at which block i fits between its neighbours that are placed (offset >= 0).
int64_t lowest_fit(const Problem& p, const std::vector<int64_t>& offsets, size_t i, std::vector<Barrier>& around) {
  around.clear();
  for (const Neighbour& n : p.neighbours[i])
    if (int64_t at = offsets[n.block]; at >= 0)
      for (const Barrier& b : n.barriers)
        if (at + b.high > 0) around.push_back({at + b.low, at + b.high});
  std::sort(around.begin(), around.end(), [](const Barrier& a, const Barrier& b) { return a.low < b.low; });
  int64_t offset = 0;
  for (const Barrier& b : around) {
    if (offset <= b.low) break;
    offset = std::max(offset, align_up(b.high, p.blocks[i].align));
  }
  return offset;
}

Placement first_fit(const Problem& p, const std::vector<size_t>& order) {
  Placement result;
  result.offsets.assign(p.blocks.size(), -1);
  std::vector<Barrier> around;
  for (size_t i : order) {
    result.offsets[i] = lowest_fit(p, result.offsets, i, around);
    result.bytes = std::max(result.bytes, align_up(result.offsets[i] + p.blocks[i].bytes, kGranule));
  }
  return result;
}

std::vector<std::vector<size_t>> starting_orders(const std::vector<Block>& blocks) {
  std::vector<size_t> identity(blocks.size());
  std::iota(identity.begin(), identity.end(), 0);
  std::vector<std::vector<size_t>> orders;
  auto by = [&](auto key) {
    orders.push_back(identity);
    std::stable_sort(orders.back().begin(), orders.back().end(),
                     [&](size_t a, size_t b) { return key(blocks[a]) > key(blocks[b]); });
  };
  by([](const Block& b) { return b.bytes; });
  by([](const Block& b) { return b.last - b.first; });
  by([](const Block& b) { return b.bytes * (b.last - b.first + 1); });
  by([](const Block& b) { return -b.first; });
  by([](const Block& b) { return b.last; });
  return orders;
}

// Moves one block at a time earlier in the order; keeps what does not get worse.
void improve(const Problem& p, std::vector<size_t> order, Placement& best, int64_t most_rounds) {
  if (order.size() < 3) return;
  int64_t pairs = 1;
  for (const auto& list : p.neighbours)
    for (const Neighbour& n : list) pairs += static_cast<int64_t>(n.barriers.size());
  int64_t rounds = std::min<int64_t>(most_rounds, kLocalSearchSteps / (4 * pairs));
  uint32_t state = 1;
  auto random = [&](size_t below) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
  };
  int64_t current = best.bytes;
  for (int64_t r = 0; r < rounds && !best.optimal(); r++) {
    std::vector<size_t> candidate = order;
    size_t from = random(order.size()), to = random(order.size());
    if (from < to) std::swap(from, to);
    std::rotate(candidate.begin() + static_cast<std::ptrdiff_t>(to), candidate.begin() + static_cast<std::ptrdiff_t>(from),
                candidate.begin() + static_cast<std::ptrdiff_t>(from) + 1);
    Placement placement = first_fit(p, candidate);
    if (placement.bytes > current) continue;
    current = placement.bytes;
    order = std::move(candidate);
    if (placement.bytes >= best.bytes) continue;
    placement.lower_bound = best.lower_bound;
    best = std::move(placement);
  }
}

// Exhaustive search over placements in which no block could slide down, built bottom-up: blocks are placed
// in the order of their offsets, each directly on what lies below it.
struct Search {
  const Problem& p;  // solid
  Placement& best;
  std::vector<int64_t> offsets, floor;  // floor: top of what is placed below each block
  int64_t most_steps, steps = 0;

  void run(size_t placed, int64_t from, int64_t top) {
    if (placed == p.blocks.size()) {
      best.offsets = offsets;
      best.bytes = top;
      return;
    }
    std::vector<size_t> candidates;
    for (size_t i = 0; i < p.blocks.size(); i++) {
      if (offsets[i] >= 0) continue;
      // A block that can only end at or above the best arena so far ends this branch.
      if (std::max(align_up(floor[i], p.blocks[i].align), align_up(from, p.blocks[i].align)) + p.blocks[i].bytes >=
          best.bytes)
        return;
      candidates.push_back(i);
    }
    auto at = [&](size_t i) { return align_up(floor[i], p.blocks[i].align); };
    std::stable_sort(candidates.begin(), candidates.end(), [&](size_t a, size_t b) {
      return at(a) != at(b) ? at(a) < at(b) : p.blocks[a].bytes > p.blocks[b].bytes;
    });
    for (size_t i : candidates) {
      if (++steps > most_steps || best.optimal()) return;
      if (at(i) >= from) place(i, at(i), placed, top);
    }
  }

  void place(size_t i, int64_t offset, size_t placed, int64_t top) {
    std::vector<std::pair<size_t, int64_t>> saved;
    offsets[i] = offset;
    for (const Neighbour& n : p.neighbours[i])
      if (size_t j = n.block; offsets[j] < 0) {
        saved.push_back({j, floor[j]});
        floor[j] = std::max(floor[j], offset + p.blocks[i].bytes);
      }
    run(placed + 1, offset, std::max(top, align_up(offset + p.blocks[i].bytes, kGranule)));
    for (auto [j, old] : saved) floor[j] = old;
    offsets[i] = -1;
  }
};

// The best of some orders, improved.
Placement searched(const Problem& p, int64_t lower_bound, Effort effort) {
  Placement best;
  std::vector<size_t> best_order;
  for (const std::vector<size_t>& order : starting_orders(p.blocks)) {
    Placement placement = first_fit(p, order);
    if (!best_order.empty() && placement.bytes >= best.bytes) continue;
    best = std::move(placement);
    best_order = order;
  }
  best.lower_bound = lower_bound;
  improve(p, best_order, best, effort == Effort::kQuick ? kQuickRounds : kRounds);
  return best;
}

// Finds the best of a solid problem; false if it gave up.
bool search_all(const Problem& p, Placement& best, int64_t most_steps) {
  Search search{p, best, std::vector<int64_t>(p.blocks.size(), -1), std::vector<int64_t>(p.blocks.size(), 0), most_steps};
  search.run(0, 0, 0);
  return search.steps <= most_steps;
}

}  // namespace

Placement place_blocks(const std::vector<Block>& blocks, Effort effort) {
  Problem p = make_problem(blocks);
  int64_t lower_bound = lower_bound_of(p.parts);
  Placement best = searched(p, lower_bound, effort);
  if (!best.optimal() && !p.solid) {
    Problem solid = made_solid(p);
    Placement other = searched(solid, lower_bound, effort);
    if (other.bytes < best.bytes) best = std::move(other);
    if (!best.optimal() && effort == Effort::kFull) search_all(solid, best, kSomeBranchSteps);
    return best;
  }
  if (best.optimal() || effort == Effort::kQuick) return best;
  if (search_all(p, best, kBranchSteps)) best.lower_bound = best.bytes;  // nothing smaller exists
  return best;
}

}  // namespace netsuke
