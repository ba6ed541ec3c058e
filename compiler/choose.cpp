#include "choose.hpp"

#include <algorithm>

#include "plan/plan.hpp"
#include "schedule/push.hpp"
#include "schedule/schedule.hpp"

namespace netsuke {
namespace {

constexpr size_t kMostLines = 10;  // of the table

// The program without its weights: a copy costs nothing.
Program skeleton(const Program& p) {
  Program s;
  s.name = p.name;
  s.inputs = p.inputs;
  s.outputs = p.outputs;
  s.buffers = p.buffers;
  s.calls = p.calls;
  s.push = p.push;
  s.stream = p.stream;
  return s;
}

// The fastest, the smallest, and some between.
std::vector<Cuts> thinned(std::vector<Cuts> cuts) {
  if (cuts.size() <= kMostLines) return cuts;
  std::vector<Cuts> few;
  for (size_t i = 0; i < kMostLines; i++) few.push_back(std::move(cuts[i * (cuts.size() - 1) / (kMostLines - 1)]));
  return few;
}

int row_calls(const Cuts& cuts) {
  int calls = 0;
  for (const Flow& f : cuts.flows) calls += f.segment.end - f.segment.first;
  return calls;
}

// Planned offsets may need a little more than what is in use: such a choice is worse than one before it.
std::vector<Choice> planned(const Program& p, const std::vector<Cuts>& cuts) {
  std::vector<Choice> choices;
  Program s = skeleton(p);
  for (const Cuts& c : cuts) {
    schedule(s, c);
    plan(s, Effort::kQuick);
    choices.push_back({s.arena_bytes, c.instructions, row_calls(c), false});
  }
  return choices;
}

size_t pick(const std::vector<Choice>& choices, const ChooseOptions& o) {
  auto better = [&](const Choice& a, const Choice& b) {
    auto cost = [](const Choice& c) { return double(c.arena_bytes + 256) * double(c.instructions); };
    if (o.ram_budget && (a.arena_bytes <= *o.ram_budget) != (b.arena_bytes <= *o.ram_budget))
      return a.arena_bytes <= *o.ram_budget;
    if (o.optimise == Optimise::kBalanced) return cost(a) < cost(b);
    if (o.optimise == Optimise::kSpeed) return a.instructions < b.instructions;
    return a.arena_bytes != b.arena_bytes ? a.arena_bytes < b.arena_bytes : a.instructions < b.instructions;
  };
  return static_cast<size_t>(std::min_element(choices.begin(), choices.end(), better) - choices.begin());
}

int64_t peak_that_counts(const std::vector<Cuts>& cuts, const ChooseOptions& o) {
  return o.optimise == Optimise::kSpeed ? cuts.front().peak : cuts.back().peak;
}

// The order of the graph, or another if that helps.
std::vector<Cuts> cuts_in_best_order(Program& p, const ChooseOptions& options) {
  std::vector<Cuts> cuts = best_cuts(p);
  if (p.stream) return cuts;  // its calls are the first ones of this order
  std::vector<int> order = smallest_order(p);
  if (std::is_sorted(order.begin(), order.end())) return cuts;
  Program other = skeleton(p);
  reorder(other, order);
  std::vector<Cuts> other_cuts = best_cuts(other);
  if (peak_that_counts(other_cuts, options) >= peak_that_counts(cuts, options)) return cuts;
  reorder(p, order);
  return other_cuts;
}

}  // namespace

std::vector<Choice> choose(Program& p, const ChooseOptions& options) {
  std::vector<Cuts> cuts = thinned(cuts_in_best_order(p, options));
  std::vector<Choice> choices = planned(p, cuts);
  size_t best = pick(choices, options);
  schedule(p, cuts[best]);
  plan(p);
  check_pushed(p);
  choices[best].arena_bytes = p.arena_bytes;
  choices[best].chosen = true;
  return choices;
}

int busiest_call(const Program& p) {
  std::vector<Block> blocks = blocks_of(p);
  int64_t most = -1;
  int busiest = -1;
  for (size_t i = 0; i < p.calls.size(); i++) {
    int64_t bytes = 0;
    for (const Block& b : blocks) bytes += b.first <= static_cast<int>(i) && static_cast<int>(i) <= b.last ? b.bytes : 0;
    if (bytes <= most) continue;
    most = bytes;
    busiest = static_cast<int>(i);
  }
  return busiest;
}

std::string call_name(const Program& p, int call) {
  if (call < 0) return "";
  const Call& c = p.calls[static_cast<size_t>(call)];
  return fmt::format("{} ({})", c.node, c.op);
}

}  // namespace netsuke
