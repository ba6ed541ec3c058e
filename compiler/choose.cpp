#include "choose.hpp"

#include <algorithm>

#include "plan/plan.hpp"
#include "schedule/push.hpp"
#include "schedule/schedule.hpp"

namespace netsuke {
namespace {

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

int row_calls(const Cuts& cuts) {
  int calls = 0;
  for (const Flow& f : cuts.flows) calls += f.segment.end - f.segment.first;
  return calls;
}

Choice planned(Program& skeleton, const Cuts& cuts) {
  schedule(skeleton, cuts);
  plan(skeleton, Effort::kQuick);
  return {skeleton.arena_bytes, cuts.instructions, row_calls(cuts), false};
}

// Planned offsets may need more than what is in use. What is no faster and no smaller than another is no choice.
std::vector<Choice> planned(const Program& p, std::vector<Cuts>& cuts) {
  std::stable_sort(cuts.begin(), cuts.end(), [](const Cuts& a, const Cuts& b) { return a.instructions < b.instructions; });
  std::vector<Choice> choices;
  std::vector<Cuts> kept;
  Program s = skeleton(p);
  for (Cuts& c : cuts) {
    Choice choice = planned(s, c);
    if (!choices.empty() && choice.arena_bytes >= choices.back().arena_bytes) continue;
    if (!choices.empty() && choice.instructions == choices.back().instructions) choices.pop_back(), kept.pop_back();
    choices.push_back(choice);
    kept.push_back(std::move(c));
  }
  cuts = std::move(kept);
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
  auto less = [](const Cuts& a, const Cuts& b) { return a.peak < b.peak; };
  return o.optimise == Optimise::kSpeed ? cuts.front().peak : std::min_element(cuts.begin(), cuts.end(), less)->peak;
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
  std::vector<Cuts> cuts = cuts_in_best_order(p, options);
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
  Timeline time = timeline_of(p);
  std::vector<std::pair<int64_t, int64_t>> changes;  // step, bytes more
  for (const Block& b : blocks_of(p))
    for (const Part& part : b.parts)
      for (const Span& s : part.spans) {
        changes.push_back({s.first, part.bytes});
        changes.push_back({s.last + 1, -part.bytes});
      }
  std::sort(changes.begin(), changes.end());
  int64_t now = 0, most = 0, busiest = -1;
  for (auto [step, bytes] : changes)
    if ((now += bytes) > most) {
      most = now;
      busiest = step;
    }
  return busiest < 0 ? -1 : time.call_at(busiest);
}

std::string call_name(const Program& p, int call) {
  if (call < 0) return "";
  const Call& c = p.calls[static_cast<size_t>(call)];
  return fmt::format("{} ({})", c.node, c.op);
}

}  // namespace netsuke
