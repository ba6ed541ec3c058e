// Where to cut: every stretch of calls through which rows can flow is an edge from its first call to the one
// behind its last, every single call is an edge, too. What an edge needs does not depend on the other cuts: a
// buffer that crosses a cut is a whole map whoever uses it. So the cheapest path under a limit of memory is a
// matter of dynamic programming, and lowering the limit step by step gives all cuts worth a thought.
#include <algorithm>
#include <climits>
#include <cmath>

#include "schedule/schedule.hpp"
#include "schedule/stream.hpp"

namespace netsuke {
namespace {

constexpr int64_t kPerTurn = 40;   // instructions to find a row's pointers and call its kernel
constexpr int64_t kPerSweep = 8;   // instructions to see that it is not a call's turn
constexpr size_t kMostPaths = 400, kMostChoices = 10;
constexpr int kMostEdges = 20000;  // longer models have shorter stretches at most, so that time stays linear
constexpr int kShortest = 16;      // but these are always tried
constexpr double kFarApart = 1.3;  // of limits: others between them are tried
constexpr int64_t kSteps = 50;     // a choice has to save that part of the memory, or be the last

struct Edge {
  int first, end;
  int64_t peak, instructions;
  bool flows = false;
};

using Edges = std::vector<std::vector<Edge>>;  // by first call
using Path = std::vector<const Edge*>;

// Bytes in use while call i runs alone; its result may take the place of an input that dies.
int64_t peak_alone(const Program& p, const Uses& uses, int i) {
  int64_t bytes = 0;
  for (size_t b = 0; b < p.buffers.size(); b++)
    if (p.buffers[b].place == Place::kArena && uses[b].first >= 0 && uses[b].first <= i && uses[b].last >= i)
      bytes += (p.buffers[b].bytes() + 3) / 4 * 4;
  const Call& c = p.calls[static_cast<size_t>(i)];
  for (auto [from, to] : c.in_place) {
    BufferId in = c.arguments[static_cast<size_t>(from)].buffer, out = c.arguments[static_cast<size_t>(to)].buffer;
    if (p[in].place == Place::kArena && p[out].place == Place::kArena && p[in].bytes() == p[out].bytes() &&
        uses[static_cast<size_t>(in)].last == i && uses[static_cast<size_t>(out)].first == i)
      return bytes - (p[in].bytes() + 3) / 4 * 4;
  }
  return bytes;
}

int64_t instructions_of(const Program& p, const Segment& s) {
  int64_t n = s.sweeps * (s.end - s.first) * kPerSweep;
  for (int i = s.first; i < s.end; i++) {
    const Call& c = p.calls[static_cast<size_t>(i)];
    n += c.instructions + c.row_form->turns * kPerTurn;
  }
  return n;
}

bool has_rows_only(const Program& p, int first, int end) {
  return std::any_of(p.calls.begin() + first, p.calls.begin() + end, [](const Call& c) { return c.by_rows_only; });
}

Edges all_edges(const Program& p, const Uses& uses) {
  Edges edges(p.calls.size());
  int count = static_cast<int>(p.calls.size());
  int64_t most = 0;
  for (int i = 0; i < count; i++) {
    int64_t peak = peak_alone(p, uses, i);
    most = std::max(most, peak);
    const Call& c = p.calls[static_cast<size_t>(i)];
    if (!c.by_rows_only) edges[static_cast<size_t>(i)].push_back({i, i + 1, peak, c.instructions});
  }
  int from = 0;
  if (p.stream) {  // its calls are fixed
    Flow flow = stream_flow(p);
    from = p.stream->calls;
    edges[0] = {{0, from, peak_of(p, uses, flow), instructions_of(p, flow.segment), true}};
  }
  const int longest = std::max(kShortest, kMostEdges / std::max(count, 1));
  for (int first = from; first < count; first++)
    for (int end = first + 1; end <= std::min(count, first + longest) && p.calls[static_cast<size_t>(end - 1)].row_form; end++) {
      // Row by row, a single call's output may grow into what it has read of its input.
      bool alone = end == first + 1, forced = has_rows_only(p, first, end);
      std::optional<Flow> flow = flow_through(p, uses, first, end);
      if (!flow) continue;
      int64_t peak = peak_of(p, uses, *flow);
      if (alone && !forced && peak >= edges[static_cast<size_t>(first)][0].peak) continue;
      if (peak < most || forced) edges[static_cast<size_t>(first)].push_back({first, end, peak, instructions_of(p, flow->segment), true});
    }
  return edges;
}

// What a path is to have little of: instructions, or bytes summed over its edges. Paths of the second kind have fewer
// and lighter edges, which often are easier to place: what crosses a cut has to lie well for both sides.
enum class Cost { kInstructions, kBytes };

int64_t cost_of(const Edge& e, Cost cost) { return cost == Cost::kBytes ? e.peak : e.instructions; }

// The cheapest with all edges below `limit`; empty if there is no way.
Path cheapest_path(const Edges& edges, int64_t limit, Cost cost) {
  size_t count = edges.size();
  std::vector<int64_t> costs(count + 1, INT64_MAX);  // to the end
  std::vector<const Edge*> next(count, nullptr);
  costs[count] = 0;
  for (size_t i = count; i-- > 0;)
    for (const Edge& e : edges[i]) {
      int64_t rest = costs[static_cast<size_t>(e.end)];
      if (e.peak >= limit || rest == INT64_MAX || rest + cost_of(e, cost) >= costs[i]) continue;
      costs[i] = rest + cost_of(e, cost);
      next[i] = &e;
    }
  Path path;
  for (size_t i = 0; i < count; i = static_cast<size_t>(next[i]->end)) {
    if (!next[i]) return {};
    path.push_back(next[i]);
  }
  return path;
}

Flow flow_of(const Program& p, const Uses& uses, const Edge& e) {
  return p.stream && e.first == 0 ? stream_flow(p) : *flow_through(p, uses, e.first, e.end);
}

int64_t peak_of(const Path& path) {
  int64_t peak = 0;
  for (const Edge* e : path) peak = std::max(peak, e->peak);
  return peak;
}

Cuts cuts_along(const Program& p, const Uses& uses, const Path& path) {
  Cuts cuts;
  cuts.peak = peak_of(path);
  for (const Edge* e : path) {
    cuts.instructions += e->instructions;
    if (e->flows) cuts.flows.push_back(flow_of(p, uses, *e));
  }
  return cuts;
}

// Paths that need less and less memory, each with the fewest instructions.
std::vector<Path> falling_paths(const Edges& edges) {
  std::vector<Path> paths;
  int64_t limit = INT64_MAX, step = 0;
  while (paths.size() < kMostPaths) {
    Path path = cheapest_path(edges, limit, Cost::kInstructions);
    if (path.empty() && step == 0) break;
    if (!path.empty()) paths.push_back(path);
    int64_t peak = paths.empty() ? 0 : peak_of(paths.back());
    step = path.empty() ? 0 : peak / kSteps;  // too long a step: the last ones are short
    limit = peak - step;
  }
  return paths;
}

// The fastest, the smallest, and some between.
std::vector<Path> thinned(const std::vector<Path>& paths) {
  if (paths.size() <= kMostChoices) return paths;
  std::vector<Path> few;
  for (size_t i = 0; i < kMostChoices; i++) few.push_back(paths[i * (paths.size() - 1) / (kMostChoices - 1)]);
  return few;
}

// Limits for paths of little bytes: those of the fast ones, and some between where they lie far apart. A short stretch
// makes its output a few rows below its input; only a longer one, whose rings delay it, can make it where the input was
// or above. So paths that need a little more than the least may be the ones that can be placed.
std::vector<int64_t> limits_of(const std::vector<Path>& paths) {
  std::vector<int64_t> limits;
  for (size_t i = 0; i < paths.size(); i++) {
    double peak = double(peak_of(paths[i])), next = i + 1 < paths.size() ? double(peak_of(paths[i + 1])) : peak;
    limits.push_back(peak_of(paths[i]) + 1);
    if (next * kFarApart >= peak) continue;
    for (double part : {0.25, 0.5, 0.75}) limits.push_back(static_cast<int64_t>(peak * std::pow(next / peak, part)) + 1);
  }
  return limits;
}

}  // namespace

std::vector<Cuts> best_cuts(const Program& p) {
  Uses uses = lifetimes(p);
  Edges edges = all_edges(p, uses);
  std::vector<Path> paths = thinned(falling_paths(edges));
  for (int64_t limit : limits_of(paths)) {
    Path light = cheapest_path(edges, limit, Cost::kBytes);
    if (std::find(paths.begin(), paths.end(), light) == paths.end()) paths.push_back(std::move(light));
  }
  std::vector<Cuts> choices;
  for (const auto& path : paths) choices.push_back(cuts_along(p, uses, path));
  if (choices.empty()) choices.emplace_back();
  return choices;
}

}  // namespace netsuke
