// The same with the code that is generated: many small models in one program, each in up to four ways.
#include <catch2/catch.hpp>

#include <cstdlib>

#include "choose.hpp"
#include "emit/emit.hpp"
#include "lower/lowering.hpp"
#include "passes/pipeline.hpp"
#include "plan/plan.hpp"
#include "rows/random_maps.hpp"
#include "schedule/push.hpp"
#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;
namespace fs = std::filesystem;

namespace {

const char* const kDriver = R"(
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

typedef std::vector<float> Floats;

struct Outcome {
  std::vector<Floats> outputs;
  size_t touched;
};

// Two poisons: a byte that keeps both was not written. Bytes behind the arena must keep them.
template <class Run>
Outcome outcome(size_t bytes, const std::vector<size_t>& counts, const Run& run) {
  const size_t kGuard = 64;
  std::vector<std::vector<double>> arenas;  // aligned for all types
  Outcome o;
  for (int poison : {0xA5, 0x5A}) {
    arenas.emplace_back((bytes + 2 * kGuard) / sizeof(double) + 1);
    unsigned char* arena = reinterpret_cast<unsigned char*>(arenas.back().data());
    memset(arena, poison, bytes + 2 * kGuard);
    o.outputs.clear();
    for (size_t n : counts) o.outputs.emplace_back(n);
    run(arena + kGuard, o.outputs);
  }
  const unsigned char *a = reinterpret_cast<unsigned char*>(arenas[0].data()), *b = reinterpret_cast<unsigned char*>(arenas[1].data());
  o.touched = 0;
  for (size_t i = 0; i < bytes + 2 * kGuard; i++)
    if (a[i] != 0xA5 || b[i] != 0x5A) o.touched = i < kGuard ? 1000000000 : i - kGuard + 1;
  return o;
}

bool same(const Outcome& a, const Outcome& b) {
  for (size_t i = 0; i < a.outputs.size(); i++)
    if (memcmp(a.outputs[i].data(), b.outputs[i].data(), a.outputs[i].size() * sizeof(float)) != 0) return false;
  return true;
}

int main() {
  int failures = 0;
)";

struct Batch {
  std::string includes, calls;
  Files files;
};

// The input row by row: "push", or nothing where that is refused.
std::string push_code(const Program& p, uint32_t seed, const std::string& counts, const std::string& outputs) {
  const Push& push = *p.push;
  return fmt::format("    Outcome push = outcome({1}, {{{2}}}, [&](void* arena, std::vector<Floats>& y) {{\n"
                     "      push{0}_begin(arena);\n"
                     "      for (int r = 0; r < {4}; r++) {{\n"
                     "        Floats row({5});\n"
                     "        for (int i = 0; i < {5}; i++) row[i] = x[(i / {6} * {4} + r) * {6} + i % {6}];\n"
                     "        push{0}_push_row(arena, row.data());\n      }}\n"
                     "      push{0}_finish(arena{3});\n    }});\n"
                     "    if (!same(maps, push) || push.touched != {1}) printf(\"seed {0} pushed: same %d, touched %zu of {1}\\n\", same(maps, push), push.touched), failures++;\n"
                     "    static_assert(PUSH{0}_ROWS == {4} && PUSH{0}_ROW_COUNT == {5}, \"\");\n",
                     seed, p.arena_bytes, counts, outputs, push.rows, push.outer * push.inner, push.inner);
}

// The input in the arena.
std::string arena_code(const Program& p, uint32_t seed, const std::string& counts, const std::string& outputs) {
  return fmt::format("    Outcome within = outcome({1}, {{{2}}}, [&](void* arena, std::vector<Floats>& y) {{\n"
                     "      memcpy(static_cast<char*>(arena) + ARENA{0}_X_OFFSET, x.data(), x.size() * sizeof(float));\n"
                     "      arena{0}_run(arena{3});\n    }});\n"
                     "    if (!same(maps, within) || within.touched != {1}) printf(\"seed {0} in the arena: same %d, touched %zu of {1}\\n\", same(maps, within), within.touched), failures++;\n",
                     seed, p.arena_bytes, counts, outputs);
}

std::string case_code(const Program& maps, const Program& rows, const Program& arena, const Program* push, uint32_t seed) {
  std::string counts, outputs;
  for (size_t i = 0; i < rows.outputs.size(); i++) {
    counts += fmt::format("{}{}", i ? ", " : "", count_of(rows.outputs[i].shape));
    outputs += fmt::format(", y[{}].data()", i);
  }
  auto run = [&](const char* kind, const Program& p) {
    return fmt::format("    Outcome {0} = outcome({2}, {{{3}}}, [&](void* arena, std::vector<Floats>& y) {{ {0}{1}_run(arena, x.data(){4}); }});\n",
                       kind, seed, p.arena_bytes, counts, outputs);
  };
  return fmt::format("  {{\n    Floats x({});\n    unsigned s = {};\n    for (float& v : x) s = s * 1664525u + 1013904223u, v = static_cast<float>(s >> 24) / 64 - 2;\n",
                     count_of(rows.inputs[0].shape), seed) +
         run("maps", maps) + run("rows", rows) +
         arena_code(arena, seed, counts, outputs) + (push ? push_code(*push, seed, counts, outputs) : "") +
         fmt::format("    bool ok = same(maps, rows) && maps.touched == {} && rows.touched == {};\n"
                     "    if (!ok) printf(\"seed {}: same %d, touched %zu and %zu\\n\", same(maps, rows), maps.touched, rows.touched);\n"
                     "    failures += !ok;\n  }}\n", maps.arena_bytes, rows.arena_bytes, seed);
}

bool pushed(Program& p) {
  try {
    push_rows(p);
    choose(p, {Optimise::kRam, {}});
    check_plan(p);
    return true;
  } catch (const Error& e) {
    if (e.id != "not-by-rows") FAIL(e.node << ": " << e.message);
    return false;
  }
}

void add_case(Batch& b, uint32_t seed) {
  Graph g = random_maps(seed);
  run_passes(g, {});
  Program maps = lower(g), rows = maps, push = maps, arena = maps;
  bool pushes = pushed(push);
  choose(maps, {Optimise::kSpeed, {}});
  choose(rows, {Optimise::kRam, {}});
  put_inputs_into_arena(arena);
  choose(arena, {Optimise::kRam, {}});
  for (auto [kind, p] : {std::pair{"maps", &maps}, {"rows", &rows}, {"arena", &arena}, {"push", &push}}) {
    if (p == &push && !pushes) continue;
    EmitOptions options;
    options.name = fmt::format("{}{}", kind, seed);
    b.includes += fmt::format("#include \"{}.h\"\n", options.name);
    for (auto& [name, content] : emit(*p, options)) b.files[name] = content;
  }
  b.calls += case_code(maps, rows, arena, pushes ? &push : nullptr, seed);
}

void build_and_run(const Batch& b, const fs::path& directory) {
  for (const auto& [name, content] : b.files) write_file_if_changed(directory / name, content);
  write_file_if_changed(directory / "main.cpp", b.includes + kDriver + b.calls + "  return failures;\n}\n");
  std::string warnings = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wundef -Wcast-qual -Werror";
  std::string command = fmt::format("cd '{}' && for f in maps*.cpp rows*.cpp arena*.cpp push*.cpp; do c++ -std=c++11 -O1 {} -I. -c $f || exit 1; done && "
                                    "c++ -std=c++17 -I. main.cpp *.o -o program && ./program", directory.string(), warnings);
  CHECK(std::system(command.c_str()) == 0);
}

}  // namespace

TEST_CASE("generated code of random graphs: rows and maps give the same bits", "[codegen]") {
  fs::path directory = fresh_directory("rows");
  Batch batch;
  for (uint32_t seed = 1; seed <= 16; seed++) add_case(batch, seed);
  build_and_run(batch, directory);
  fs::remove_all(directory);
}
