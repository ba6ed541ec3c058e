// Another order of the calls, where the graph branches: a beam search over topological orders for the least
// bytes in use at most when calls run one after the other.
#include <algorithm>
#include <map>

#include "schedule/schedule.hpp"

namespace netsuke {
namespace {

constexpr size_t kBeam = 48;  // orders kept after each step

// What must run before each call, and what each needs and leaves.
struct Graph {
  std::vector<std::vector<int>> before;       // by call
  std::vector<std::vector<BufferId>> touches;  // arena buffers, each once
  std::vector<int> users;                     // by buffer: calls that touch it
};

bool contains(const auto& list, auto x) { return std::find(list.begin(), list.end(), x) != list.end(); }

Graph graph_of(const Program& p) {
  Graph g{std::vector<std::vector<int>>(p.calls.size()), std::vector<std::vector<BufferId>>(p.calls.size()),
          std::vector<int>(p.buffers.size(), 0)};
  std::map<BufferId, std::vector<int>> writers;
  for (size_t i = 0; i < p.calls.size(); i++)
    for (const Argument& a : p.calls[i].arguments) {
      if (a.access == Access::kWrite) writers[a.buffer].push_back(static_cast<int>(i));
      if (p[a.buffer].place == Place::kArena && !contains(g.touches[i], a.buffer)) {
        g.touches[i].push_back(a.buffer);
        g.users[static_cast<size_t>(a.buffer)]++;
      }
    }
  for (size_t i = 0; i < p.calls.size(); i++)
    for (const Argument& a : p.calls[i].arguments)
      if (a.access == Access::kRead)
        for (int w : writers[a.buffer])
          if (w < static_cast<int>(i) && !contains(g.before[i], w)) g.before[i].push_back(w);
  return g;
}

struct State {
  std::vector<int> order;
  std::vector<bool> done;
  std::vector<int> users_left;
  int64_t alive = 0, peak = 0;
};

bool ready(const Graph& g, const State& s, int call) {
  size_t i = static_cast<size_t>(call);
  return !s.done[i] && std::all_of(g.before[i].begin(), g.before[i].end(), [&](int b) { return s.done[static_cast<size_t>(b)]; });
}

State after(const Program& p, const Graph& g, const State& s, int call) {
  State next = s;
  next.order.push_back(call);
  next.done[static_cast<size_t>(call)] = true;
  int64_t freed = 0;
  for (BufferId b : g.touches[static_cast<size_t>(call)]) {
    int& left = next.users_left[static_cast<size_t>(b)];
    if (left == g.users[static_cast<size_t>(b)]) next.alive += p[b].bytes();
    if (--left == 0) freed += p[b].bytes();
  }
  next.peak = std::max(next.peak, next.alive);
  next.alive -= freed;
  return next;
}

// The best states with different sets of calls done; earlier calls first among equals.
void keep_best(std::vector<State>& states) {
  std::stable_sort(states.begin(), states.end(), [](const State& a, const State& b) {
    return a.peak != b.peak ? a.peak < b.peak : a.alive < b.alive;
  });
  std::vector<State> kept;
  for (State& s : states) {
    bool seen = std::any_of(kept.begin(), kept.end(), [&](const State& k) { return k.done == s.done; });
    if (!seen) kept.push_back(std::move(s));
    if (kept.size() == kBeam) break;
  }
  states = std::move(kept);
}

}  // namespace

std::vector<int> smallest_order(const Program& p) {
  Graph g = graph_of(p);
  int count = static_cast<int>(p.calls.size());
  std::vector<State> states{{{}, std::vector<bool>(p.calls.size(), false), g.users, 0, 0}};
  for (int step = 0; step < count; step++) {
    std::vector<State> next;
    for (const State& s : states)
      for (int i = 0; i < count; i++)
        if (ready(g, s, i)) next.push_back(after(p, g, s, i));
    NETSUKE_CHECK(!next.empty(), "the calls have no order");
    keep_best(next);
    states = std::move(next);
  }
  return states.front().order;
}

void reorder(Program& p, const std::vector<int>& order) {
  std::vector<Call> calls;
  for (int i : order) calls.push_back(std::move(p.calls[static_cast<size_t>(i)]));
  p.calls = std::move(calls);
}

}  // namespace netsuke
