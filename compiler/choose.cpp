#include "choose.hpp"

#include <algorithm>

#include "lower/bound.hpp"
#include "plan/plan.hpp"
#include "schedule/push.hpp"
#include "schedule/schedule.hpp"
#include "schedule/views.hpp"

namespace netsuke {
namespace {

constexpr size_t kMostFullPlans = 3, kManyCalls = 150;  // more calls: fewer tries

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

// A program that computes the same, and ways to run it.
struct Variant {
  Program program;
  std::vector<Cuts> cuts;
};

// In the order of the graph, and in another if that may help.
void add_orders(Program p, std::vector<Variant>& variants) {
  std::vector<int> order = smallest_order(p);
  bool other = !p.stream && !std::is_sorted(order.begin(), order.end());  // a stream's calls are the first ones of this order
  variants.push_back({p, best_cuts(p)});
  if (!other) return;
  reorder(p, order);
  variants.push_back({p, best_cuts(p)});
}

// With inputs in the arena as they are, and regrouped.
void add_regrouped(Program p, std::vector<Variant>& variants) {
  add_orders(p, variants);
  if (regroup_arena_inputs(p)) add_orders(std::move(p), variants);
}

// With copies, and with views where those are possible: a view saves a copy, but what it is part of lives longer.
std::vector<Variant> variants_of(const Program& p) {
  std::vector<Variant> variants;
  Program views = skeleton(p);
  bool viewed = make_views(views);
  if (viewed) add_regrouped(std::move(views), variants);
  if (!viewed || p.calls.size() < kManyCalls) add_regrouped(skeleton(p), variants);
  return variants;
}

// One way to run a variant.
struct Candidate {
  Variant* variant;
  const Cuts* cuts;
  Choice choice;
  int64_t bound;         // bytes that it needs at least
  bool settled = false;  // planned with full effort
};

void plan_candidate(Candidate& c, Effort effort) {
  Program& p = c.variant->program;
  schedule(p, *c.cuts);
  plan(p, effort);
  c.choice.arena_bytes = p.arena_bytes;
  c.bound = p.arena_lower_bound;
  c.settled = effort == Effort::kFull || c.bound == p.arena_bytes;
}

// Planned offsets may need more than what is in use.
std::vector<Candidate> planned(std::vector<Variant>& variants) {
  std::vector<Candidate> candidates;
  for (Variant& v : variants)
    for (const Cuts& c : v.cuts) {
      candidates.push_back({&v, &c, {0, c.instructions, row_calls(c), false}, 0});
      plan_candidate(candidates.back(), Effort::kQuick);
    }
  return candidates;
}

// The fastest first, without those that are neither faster nor smaller than another.
std::vector<Candidate> worth_a_thought(std::vector<Candidate> candidates) {
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.choice.instructions != b.choice.instructions ? a.choice.instructions < b.choice.instructions
                                                          : a.choice.arena_bytes < b.choice.arena_bytes;
  });
  std::vector<Candidate> kept;
  for (const Candidate& c : candidates)
    if (kept.empty() || c.choice.arena_bytes < kept.back().choice.arena_bytes) kept.push_back(c);
  return kept;
}

bool is_better(const Choice& a, const Choice& b, const ChooseOptions& o) {
  auto cost = [](const Choice& c) { return double(c.arena_bytes + 256) * double(c.instructions); };
  // What meets the budget comes first; if nothing does, what comes nearest.
  bool over = o.ram_budget && std::max(a.arena_bytes, b.arena_bytes) > *o.ram_budget;
  if (over && a.arena_bytes != b.arena_bytes && std::min(a.arena_bytes, b.arena_bytes) > *o.ram_budget) return a.arena_bytes < b.arena_bytes;
  if (over && (a.arena_bytes <= *o.ram_budget) != (b.arena_bytes <= *o.ram_budget)) return a.arena_bytes <= *o.ram_budget;
  if (o.optimise == Optimise::kBalanced) return cost(a) < cost(b);
  if (o.optimise == Optimise::kSpeed) return a.instructions < b.instructions;
  return a.arena_bytes != b.arena_bytes ? a.arena_bytes < b.arena_bytes : a.instructions < b.instructions;
}

using Iterator = std::vector<Candidate>::iterator;

Iterator best_of(std::vector<Candidate>& candidates, const ChooseOptions& o) {
  return std::min_element(candidates.begin(), candidates.end(), [&](const Candidate& a, const Candidate& b) { return is_better(a.choice, b.choice, o); });
}

// One that would be better than the best if it could be placed perfectly.
Iterator rival_of(Iterator best, std::vector<Candidate>& candidates, const ChooseOptions& o) {
  return std::find_if(candidates.begin(), candidates.end(), [&](const Candidate& c) {
    Choice hoped = c.choice;
    hoped.arena_bytes = c.bound;
    return !c.settled && (&c == &*best || is_better(hoped, best->choice, o));
  });
}

// Looks closer, a few times at most, as long as that may change which one is the best.
Iterator settled_best(std::vector<Candidate>& candidates, const ChooseOptions& o) {
  Iterator best = best_of(candidates, o);
  size_t tries = best->variant->program.calls.size() < kManyCalls ? kMostFullPlans : 1;
  while (tries-- > 0) {
    Iterator rival = rival_of(best, candidates, o);
    if (rival == candidates.end()) break;
    plan_candidate(*rival, Effort::kFull);
    best = best_of(candidates, o);
  }
  return best;
}

}  // namespace

std::vector<Choice> choose(Program& p, const ChooseOptions& options) {
  std::vector<Variant> variants = variants_of(p);
  std::vector<Candidate> candidates = worth_a_thought(planned(variants));
  Iterator best = settled_best(candidates, options);
  p.calls = best->variant->program.calls;
  p.buffers = best->variant->program.buffers;
  schedule(p, *best->cuts);
  plan(p);
  check_pushed(p);
  best->choice.arena_bytes = p.arena_bytes;
  best->choice.chosen = true;
  std::vector<Choice> choices;
  for (const Candidate& c : worth_a_thought(candidates)) choices.push_back(c.choice);
  return choices;
}

int busiest_call(const Program& p) {
  std::vector<Part> parts;
  for (const Block& b : blocks_of(p)) parts.insert(parts.end(), b.parts.begin(), b.parts.end());
  std::vector<Moment> moments = moments_of(parts);
  return moments.empty() ? -1 : timeline_of(p).call_at(moments.front().step);
}

std::string call_name(const Program& p, int call) {
  if (call < 0) return "";
  const Call& c = p.calls[static_cast<size_t>(call)];
  return fmt::format("{} ({})", c.node, c.op);
}

}  // namespace netsuke
