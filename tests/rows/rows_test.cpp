#include <catch2/catch.hpp>

#include <ctime>

#include "choose.hpp"
#include "lower/lowering.hpp"
#include "passes/pipeline.hpp"
#include "plan/plan.hpp"
#include "rows/interpreter.hpp"
#include "rows/random_maps.hpp"
#include "schedule/push.hpp"
#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

Program lowered(uint32_t seed) {
  Graph g = random_maps(seed);
  run_passes(g, {});
  return lower(g);
}

Program scheduled(Program p, Optimise optimise) {
  choose(p, {optimise, {}});
  check_plan(p);
  return p;
}

// Of this process: other tests may run beside it.
double seconds_since(std::clock_t start) { return double(std::clock() - start) / CLOCKS_PER_SEC; }

struct Totals {
  int graphs = 0, with_rows = 0, skipped = 0;
  int regrouped = 0, views = 0;
  int64_t maps = 0, rows = 0, arena = 0, inputs = 0;  // bytes
};

bool is_regrouped(const Program& p) { return !p.calls.empty() && p.calls[0].kernel == "regroup"; }

// The input in the arena, where it is overwritten.
void compare_arena(Program p, const RunResult& expected, const std::vector<Tensor>& inputs, int64_t beside, Totals& t) {
  put_inputs_into_arena(p);
  p = scheduled(p, Optimise::kRam);
  INFO(to_text(p));
  RunResult r = run_program(p, inputs);
  REQUIRE(r.guards_kept);
  REQUIRE(r.outputs == expected.outputs);
  CHECK(r.touched == p.arena_bytes);
  int64_t bytes = count_of(inputs[0].shape) * 4;
  CHECK(p.arena_bytes >= bytes);
  CHECK(double(p.arena_bytes) <= 1.02 * double(beside + bytes) + 4);
  t.regrouped += is_regrouped(p);
  t.arena += p.arena_bytes;
  t.inputs += bytes;
}

// Layer by layer and row by row: the same bits, no byte outside the plan, none planned and not used.
void compare(uint32_t seed, Totals& t) {
  INFO("seed " << seed);
  Program p = lowered(seed);
  t.graphs++;
  if (!can_run(p)) {
    t.skipped++;
    return;
  }
  Program maps = scheduled(p, Optimise::kSpeed), rows = scheduled(p, Optimise::kRam);
  INFO(to_text(rows));
  std::vector<Tensor> inputs = random_inputs(random_maps(seed), seed);
  RunResult a = run_program(maps, inputs), b = run_program(rows, inputs);
  REQUIRE(a.guards_kept);
  REQUIRE(b.guards_kept);
  REQUIRE(a.outputs == b.outputs);
  CHECK(a.touched == maps.arena_bytes);
  CHECK(b.touched == rows.arena_bytes);
  CHECK(rows.arena_bytes <= maps.arena_bytes);
  compare_arena(p, a, inputs, rows.arena_bytes, t);
  t.views += rows.calls.size() < p.calls.size() || maps.calls.size() < p.calls.size();
  t.with_rows += !rows.segments.empty();
  t.maps += maps.arena_bytes;
  t.rows += rows.arena_bytes;
}

void try_graph(uint32_t seed, Totals& t) {
  try {
    compare(seed, t);
  } catch (const Error& e) {
    FAIL("seed " << seed << ": " << e.node << ": " << e.message);
  }
}

void try_graphs(uint32_t first, uint32_t end) {
  Totals t;
  for (uint32_t seed = first; seed < end; seed++) try_graph(seed, t);
  WARN(t.graphs << " graphs, " << t.with_rows << " with rows, " << t.skipped << " skipped; arenas " << t.maps << " → " << t.rows
                << "; with inputs of " << t.inputs << " in it " << t.arena << ", " << t.regrouped << " of them regrouped; " << t.views << " with views");
  CHECK(t.skipped * 10 <= t.graphs);
  CHECK(t.with_rows * 2 >= t.graphs);
}

}  // namespace

TEST_CASE("random graphs: rows and maps give the same bits, peak as planned") { try_graphs(1, 201); }

TEST_CASE("rings are as small as they can be, and the checker sees one that is too small") {
  int shrunk = 0;
  for (uint32_t seed = 1; seed <= 90; seed++) {
    Program p = scheduled(lowered(seed), Optimise::kRam);
    for (size_t b = 0; b < p.buffers.size(); b++) {
      // Others may share its memory and its rows.
      bool alone = p.buffers[b].ring > 1 && p.buffers[b].held;
      for (size_t o = 0; o < p.buffers.size(); o++) alone &= o == b || p.buffers[o].slot != p.buffers[b].slot || p.buffers[b].slot < 0;
      if (!alone) continue;
      Program broken = p;
      broken.buffers[b].ring--;
      INFO("seed " << seed << " buffer " << p.buffers[b].name << "\n" << to_text(p));
      CHECK_THROWS_AS(check_plan(broken), Error);
      shrunk++;
    }
  }
  CHECK(shrunk > 40);  // or the test tries nothing
}

TEST_CASE("a model of 500 buffers is planned in seconds") {
  Graph g = random_maps(3, 320);
  run_passes(g, {});
  Program p = lower(g);
  REQUIRE(p.buffers.size() >= 500);
  std::clock_t start = std::clock();
  choose(p, {Optimise::kRam, {}});
  CHECK(seconds_since(start) < 10);
  check_plan(p);
}

TEST_CASE("a chain of 2000 calls is planned in seconds, too") {
  std::string text = "g (float[1,8,16,16] v0) => (float[1,8,16,16] v2000) {\n";
  for (int i = 0; i < 2000; i++) text += fmt::format("v{} = {}(v{})\n", i + 1, i % 2 ? "Relu" : "Sigmoid", i);
  Graph g = load_text(text + "}");
  run_passes(g, {});
  Program p = lower(g);
  std::clock_t start = std::clock();
  choose(p, {Optimise::kRam, {}});
  CHECK(seconds_since(start) < 10);
  check_plan(p);
}

TEST_CASE("a chain of 300 convolutions is planned in seconds, close to the bound") {
  std::string text = "g (float[1,8,48,48] v0) => (float[1,8,48,48] v300) <float[8,1,3,3] d = {", list = "0.1";
  for (int i = 1; i < 72; i++) list += ", 0.1";
  text += list + "}, float[8,8,1,1] p = {" + list.substr(0, list.size() - 40) + "}> {\n";
  for (int i = 0; i < 300; i++)
    text += i % 2 ? fmt::format("v{} = Conv(v{}, p)\n", i + 1, i) : fmt::format("v{} = Conv<group=8, pads=[1,1,1,1]>(v{}, d)\n", i + 1, i);
  Graph g = load_text(text + "}");
  run_passes(g, {});
  Program p = lower(g);
  std::clock_t start = std::clock();
  std::vector<Choice> choices = choose(p, {Optimise::kRam, {}});
  CHECK(seconds_since(start) < 10);
  check_plan(p);
  WARN(choices.front().arena_bytes << " → " << p.arena_bytes << " bytes, at least " << p.arena_lower_bound);
  CHECK(double(p.arena_bytes) <= 0.75 * double(choices.front().arena_bytes));
  CHECK(double(p.arena_bytes) <= 1.2 * double(p.arena_lower_bound));
}

TEST_CASE("a budget is met by the fastest way that does, and missed by the smallest") {
  Program p = lowered(5), fast = scheduled(p, Optimise::kSpeed), small = scheduled(p, Optimise::kRam);
  REQUIRE(small.arena_bytes < fast.arena_bytes);
  for (Optimise o : {Optimise::kSpeed, Optimise::kBalanced, Optimise::kRam}) {
    Program tight = p, wide = p, none = p;
    choose(tight, {o, small.arena_bytes});
    choose(none, {o, 4});
    CHECK(tight.arena_bytes == small.arena_bytes);
    CHECK(none.arena_bytes == small.arena_bytes);
    choose(wide, {o, fast.arena_bytes});
    CHECK(wide.arena_bytes <= fast.arena_bytes);
    if (o == Optimise::kSpeed) CHECK(wide.arena_bytes == fast.arena_bytes);
  }
}

TEST_CASE("many more random graphs", "[.many]") { try_graphs(1000, 3000); }
