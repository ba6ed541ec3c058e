#include <catch2/catch.hpp>
#include <chrono>

#include "lower/bound.hpp"
#include "plan/plan.hpp"
#include "schedule/schedule.hpp"

using namespace netsuke;

namespace {

// The obvious check: two blocks alive at one time do not share a byte.
void check_placement(const std::vector<Block>& blocks, const Placement& p) {
  REQUIRE(p.offsets.size() == blocks.size());
  for (size_t i = 0; i < blocks.size(); i++) {
    CHECK(p.offsets[i] >= 0);
    CHECK(p.offsets[i] % blocks[i].align == 0);
    CHECK(p.offsets[i] + blocks[i].bytes <= p.bytes);
    for (size_t j = 0; j < i; j++) {
      bool together = blocks[i].first <= blocks[j].last && blocks[j].first <= blocks[i].last;
      bool apart = p.offsets[i] + blocks[i].bytes <= p.offsets[j] || p.offsets[j] + blocks[j].bytes <= p.offsets[i];
      CHECK((!together || apart));
    }
  }
  CHECK(p.lower_bound <= p.bytes);
}

uint32_t next(uint32_t& state) { return (state = state * 1664525u + 1013904223u) >> 8; }

std::vector<Block> random_blocks(uint32_t seed, int count, int calls) {
  std::vector<Block> blocks;
  for (int i = 0; i < count; i++) {
    int first = static_cast<int>(next(seed) % static_cast<uint32_t>(calls));
    int last = std::min(calls - 1, first + static_cast<int>(next(seed) % 6));
    blocks.push_back({static_cast<int64_t>(next(seed) % 1000 + 1) * 4, first, last, next(seed) % 8 ? 4 : 8});
  }
  return blocks;
}

// Every order, first fit: reaches the optimum for few blocks.
int64_t brute_force(const std::vector<Block>& blocks) {
  std::vector<size_t> order(blocks.size());
  for (size_t i = 0; i < order.size(); i++) order[i] = i;
  int64_t best = INT64_MAX;
  do {
    std::vector<int64_t> offsets(blocks.size(), -1);
    int64_t top = 0;
    for (size_t i : order) {
      int64_t offset = 0;
      for (bool moved = true; moved;) {
        moved = false;
        for (size_t j = 0; j < blocks.size(); j++) {
          bool together = blocks[i].first <= blocks[j].last && blocks[j].first <= blocks[i].last;
          if (offsets[j] < 0 || !together || offset + blocks[i].bytes <= offsets[j] ||
              offsets[j] + blocks[j].bytes <= offset)
            continue;
          offset = (offsets[j] + blocks[j].bytes + blocks[i].align - 1) / blocks[i].align * blocks[i].align;
          moved = true;
        }
      }
      offsets[i] = offset;
      top = std::max(top, offset + blocks[i].bytes);
    }
    best = std::min(best, top);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

}  // namespace

TEST_CASE("a chain of maps needs the largest neighbouring pair") {
  std::vector<Block> blocks{{512, 0, 1}, {512, 1, 2}, {32, 2, 3}, {512, 3, 4}, {512, 4, 5}};
  Placement p = place_blocks(blocks);
  check_placement(blocks, p);
  CHECK(p.bytes == 1024);
  CHECK(p.optimal());
}

TEST_CASE("placements are valid, and as small as brute force finds") {
  for (uint32_t seed = 1; seed <= 60; seed++) {
    std::vector<Block> blocks = random_blocks(seed, 6, 6);
    Placement p = place_blocks(blocks);
    check_placement(blocks, p);
    INFO("seed " << seed);
    CHECK(p.bytes <= brute_force(blocks));
    CHECK(p.optimal());
  }
}

namespace {

// A map of `rows` rows of `bytes`: row r is in use in the steps of spans(r).
template <class Spans>
Block map_of(int64_t rows, int64_t bytes, const Spans& spans) {
  Block b{rows * bytes, INT64_MAX, 0};
  for (int64_t r = 0; r < rows; r++) {
    Span s = spans(r);
    b.parts.push_back({r * bytes, bytes, {s}});
    b.first = std::min(b.first, s.first);
    b.last = std::max(b.last, s.last);
  }
  return b;
}

void check_parts(const std::vector<Block>& blocks, const Placement& p) {
  for (size_t i = 0; i < blocks.size(); i++)
    for (size_t j = 0; j < i; j++)
      for (const Part& a : blocks[i].parts)
        for (const Part& b : blocks[j].parts) {
          int64_t x = p.offsets[i] + a.at, y = p.offsets[j] + b.at;
          CHECK((!meet(a.spans, b.spans) || x + a.bytes <= y || y + b.bytes <= x));
        }
}

}  // namespace

TEST_CASE("a map grows into one that is left row by row") {
  // Row r of the output is written while rows r - 1 to r + 1 of the input are read.
  Block in = map_of(10, 100, [](int64_t r) { return Span{0, std::min<int64_t>(r + 1, 9)}; });
  Block out = map_of(10, 100, [](int64_t r) { return Span{r, 20}; });
  std::vector<Block> blocks{in, out};
  Placement p = place_blocks(blocks);
  check_parts(blocks, p);
  CHECK(p.bytes == 1200);
  CHECK(p.optimal());
}

TEST_CASE("a wider map grows into one that is left row by row") {
  Block in = map_of(10, 100, [](int64_t r) { return Span{0, r}; });
  Block out = map_of(10, 200, [](int64_t r) { return Span{r, 20}; });
  std::vector<Block> blocks{in, out};
  Placement p = place_blocks(blocks);
  check_parts(blocks, p);
  CHECK(p.bytes == 2100);
}

TEST_CASE("the bound knows that a row of the moment meets all places of a ring") {
  std::vector<Part> ring{{0, 100, {}}, {100, 100, {}}}, moment{{0, 100, {}}};
  for (int64_t sweep = 0; sweep < 10; sweep++) {
    // Two rows are there in steps 0 and 1 of a sweep, one of them in the others.
    ring[static_cast<size_t>(sweep % 2)].spans.push_back({4 * sweep, 4 * sweep + 5});
    moment[0].spans.push_back({4 * sweep + 2, 4 * sweep + 3});
  }
  CHECK(lower_bound_of({ring, moment}) == 300);
}

TEST_CASE("500 blocks are placed in seconds, near the lower bound") {
  std::vector<Block> blocks = random_blocks(7, 500, 250);
  auto start = std::chrono::steady_clock::now();
  Placement p = place_blocks(blocks);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
  check_placement(blocks, p);
  CHECK(double(p.bytes) <= 1.05 * double(p.lower_bound));
}

namespace {

// in → a → b → out, each 16 floats; the calls may work in place.
Program chain() {
  Program p;
  auto add = [&](const char* name, Place place) {
    p.buffers.push_back(Buffer{name, DType::kFloat32, {16}, place, place == Place::kArena ? -1 : 0});
    return static_cast<BufferId>(p.buffers.size()) - 1;
  };
  BufferId in = add("in", Place::kInput), a = add("a", Place::kArena), b = add("b", Place::kArena),
           out = add("out", Place::kOutput);
  auto call = [&](BufferId from, BufferId to) {
    Call c;
    c.node = p[to].name;
    c.arguments = {{from, Access::kRead}, {to, Access::kWrite}};
    c.in_place = {{0, 1}};
    p.calls.push_back(c);
  };
  call(in, a);
  call(a, b);
  call(b, out);
  return p;
}

}  // namespace

TEST_CASE("calls work in place where they may") {
  Program p = chain();
  schedule(p);
  plan(p);
  CHECK(p.arena_bytes == 64);
  CHECK(p[1].offset == p[2].offset);
  check_plan(p);
}

TEST_CASE("a value that is read again later is not overwritten") {
  Program p = chain();
  p.calls[2].arguments.push_back({1, Access::kRead});
  schedule(p);
  plan(p);
  CHECK(p.arena_bytes == 128);
  check_plan(p);
}

TEST_CASE("the checker finds what a wrong plan breaks") {
  Program p = chain();
  schedule(p);
  plan(p);
  SECTION("overlap without permission") {
    p.calls[1].in_place.clear();
    CHECK_THROWS_AS(check_plan(p), Error);
  }
  SECTION("partial overlap") {
    p.arena_bytes = 128;
    p[2].offset = 32;
    CHECK_THROWS_AS(check_plan(p), Error);
  }
  SECTION("outside the arena") {
    p[2].offset = 4;
    CHECK_THROWS_AS(check_plan(p), Error);
  }
  SECTION("read after it was overwritten") {
    p.calls[2].arguments.push_back({1, Access::kRead});
    CHECK_THROWS_AS(check_plan(p), Error);
  }
}
