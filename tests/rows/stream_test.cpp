// Windows that slide: every output of a stream is, bit for bit, that of the window run as a whole.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <random>

#include "choose.hpp"
#include "emit/emit.hpp"
#include "lower/lowering.hpp"
#include "passes/pipeline.hpp"
#include "plan/plan.hpp"
#include "quantize/quantize.hpp"
#include "schedule/push.hpp"
#include "schedule/stream.hpp"
#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;
namespace fs = std::filesystem;

namespace {

struct Writer {
  std::mt19937 random{1};
  std::string constants, nodes;
  int count = 0;

  std::string constant(const Shape& shape) {
    std::string name = fmt::format("c{}", count++), values;
    for (int64_t i = 0; i < count_of(shape); i++) values += fmt::format("{}{}", i ? "," : "", static_cast<double>(random() % 129) / 128 - 0.5);
    constants += fmt::format("{}float{} {} = {{{}}}", constants.empty() ? "" : ", ", to_string(shape), name, values);
    return name;
  }
  std::string node(const std::string& text) {
    std::string name = fmt::format("v{}", count++);
    nodes += fmt::format("{} = {}\n", name, text);
    return name;
  }
  std::string conv(const std::string& x, const Shape& weights, const std::string& attributes = "") {
    return node(fmt::format("Conv{}({}, {}, {})", attributes, x, constant(weights), constant({weights[0]})));
  }
  std::string text(const std::string& input, const std::string& output, const std::string& last) {
    return fmt::format("g (float{} x) => (float{} y) <{}> {{ {} y = Identity({}) }}", input, output, constants, nodes, last);
  }
};

// 30 frames of 10 coefficients, 8 convolutions over time, a mean and a dense layer.
std::string wake_word() {
  Writer w;
  std::string x = "x";
  for (int i = 0; i < 8; i++) x = w.node(fmt::format("Relu({})", w.conv(x, {12, i == 0 ? 10 : 12, 3})));
  x = w.node(fmt::format("GlobalAveragePool({})", x));
  x = w.node(fmt::format("Flatten({})", x));
  return w.text("[1,10,30]", "[1,3]", w.node(fmt::format("Gemm<transB=1>({}, {}, {})", x, w.constant({3, 12}), w.constant({3}))));
}

// Time strides of 2, a residual, dilation; frequency is padded.
std::string strided() {
  Writer w;
  std::string a = w.node(fmt::format("Relu({})", w.conv("x", {4, 1, 3, 3}, "<pads=[0,1,0,1], strides=[2,1]>")));
  std::string b = w.conv(a, {4, 4, 1, 1}), c = w.conv(w.node(fmt::format("Add({}, {})", a, b)), {6, 4, 3, 3}, "<dilations=[2,1], pads=[0,1,0,1]>");
  return w.text("[1,1,27,5]", "[1,6]", w.node(fmt::format("Flatten({})", w.node(fmt::format("GlobalMaxPool({})", c)))));
}

// The second convolution pads time: it and what follows run on the whole window.
std::string half_padded() {
  Writer w;
  std::string a = w.node(fmt::format("Relu({})", w.conv("x", {4, 1, 3, 3}, "<pads=[0,1,0,1]>")));
  std::string b = w.conv(a, {3, 4, 3, 3}, "<pads=[1,1,1,1]>");
  return w.text("[1,1,9,4]", "[1,84]", w.node(fmt::format("Flatten({})", b)));
}

enum class Numbers { kFloat, kInt8 };

// Quantised with made-up inputs; what goes in and comes out is int8, too.
Graph quantised(const Graph& loaded) {
  Graph g = loaded;
  PassOptions options;
  options.native_io = true;
  run_passes(g, options, {}, model_passes());
  g = quantize(loaded, g, {}).quantised;
  run_passes(g, options, {}, layout_passes());
  return g;
}

Program lowered(const std::string& text, Numbers numbers = Numbers::kFloat) {
  Graph g = load_text(text);
  if (numbers == Numbers::kInt8) return lower(quantised(g));
  run_passes(g, {});
  return lower(g);
}

Program streamed(const std::string& text, int64_t axis, Numbers numbers = Numbers::kFloat) {
  Program p = lowered(text, numbers);
  push_rows(p);
  stream_rows(p, "x", axis);
  choose(p, {Optimise::kRam, {}});
  check_plan(p);
  return p;
}

const char* const kDriver = R"(
int main() {
  const int kFrames = 400, kOuter = OUTER, kInner = INNER, kWindow = M_WINDOW, kOut = M_Y_COUNT;
  static TYPE frames[kFrames][kOuter * kInner], window[kOuter][kWindow][kInner], expected[kOut], actual[kOut];
  static unsigned char arena[1 << 20], state[2][M_STATE_BYTES + 8], other[W_ARENA_BYTES];
  unsigned s = 7;
  for (auto& f : frames) for (TYPE& v : f) s = s * 1664525u + 1013904223u, v = static_cast<TYPE>(SCALE * (static_cast<float>(s >> 24) / 64 - 2));
  int outputs = 0;
  m_reset(state[0]);
  for (int f = 0; f < kFrames; f++) {
    memcpy(state[(f + 1) % 2], state[f % 2], sizeof state[0]);  // it may be copied
    memset(state[f % 2], 0x5A, sizeof state[0]);
    memset(arena, 0xA5, sizeof arena);
    bool ready = m_push(state[(f + 1) % 2], arena, frames[f], actual);
    if (ready != (f + 1 >= kWindow && (f + 1 - kWindow) % M_HOP == 0)) return 1;
    if (!ready) continue;
    outputs++;
    for (int t = 0; t < kWindow; t++)
      for (int o = 0; o < kOuter; o++)
        for (int i = 0; i < kInner; i++) window[o][t][i] = frames[f + 1 - kWindow + t][o * kInner + i];
    w_run(other, &window[0][0][0], expected);
    if (memcmp(expected, actual, sizeof actual)) return 2;
  }
  return outputs == (kFrames - kWindow) / M_HOP + 1 ? 0 : 3;
}
)";

// Builds the stream "m" and the whole window "w", and compares them on 400 frames.
void compare(const std::string& name, const std::string& text, int64_t axis, Numbers numbers = Numbers::kFloat) {
  INFO(name);
  fs::path directory = fresh_directory("stream");
  Program stream = streamed(text, axis, numbers), window = lowered(text, numbers);
  choose(window, {Optimise::kSpeed, {}});
  for (auto [prefix, p] : {std::pair{"m", &stream}, {"w", &window}}) {
    EmitOptions options;
    options.name = prefix;
    for (const auto& [file, content] : emit(*p, options)) write_file_if_changed(directory / file, content);
  }
  std::string driver = "#include <string.h>\n#include \"m.h\"\n#include \"w.h\"\n" + std::string(kDriver);
  bool floats = numbers == Numbers::kFloat;
  driver.replace(driver.find("const int kFrames"), 0, fmt::format("typedef {} TYPE;\n  const float SCALE = {};\n  ", floats ? "float" : "int8_t", floats ? "1" : "60"));
  for (auto [key, value] : {std::pair{"OUTER", stream.push->outer}, {"INNER", stream.push->inner}})
    driver.replace(driver.find(key), 5, fmt::to_string(value));
  write_file_if_changed(directory / "main.cpp", driver);
  std::string command = fmt::format("cd '{}' && c++ -std=c++11 -O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror -I. -c m.cpp m_weights.cpp && "
                                    "c++ -std=c++11 -O1 -w -I. *.o w.cpp w_weights.cpp main.cpp -o program && ./program", directory.string());
  CHECK(std::system(command.c_str()) == 0);
  fs::remove_all(directory);
}

}  // namespace

TEST_CASE("a wake word net computes less than a fifteenth for each frame") {
  Program p = streamed(wake_word(), 2);
  CHECK(p.stream->window == 30);
  CHECK(p.stream->hop == 1);
  CHECK(double(total_macs(p)) >= 15 * p.stream->macs_per_frame);
}

TEST_CASE("what ends a stream is named") {
  auto refused = [](const std::string& text, int64_t axis) -> std::string {
    try {
      streamed(text, axis);
    } catch (const Error& e) {
      return e.id + ": " + e.message;
    }
    return "";
  };
  CHECK(refused(wake_word(), 1) == "not-a-stream: the rows of this model run along axis 2, not 1");
  Writer w;
  std::string padded = w.text("[1,2,9]", "[1,3,9]", w.conv("x", {3, 2, 3}, "<pads=[1,1]>"));
  CHECK(refused(padded, 2) == "not-a-stream: it pads the streamed axis, so nothing can be kept from one window to the next");
}

TEST_CASE("streams give the bits of whole windows", "[codegen]") {
  compare("wake word", wake_word(), 2);
  compare("strided", strided(), 2);
  compare("half padded", half_padded(), 2);
}

TEST_CASE("streams of int8 give the bits of whole windows", "[codegen]") {
  compare("wake word, int8", wake_word(), 2, Numbers::kInt8);
  compare("strided, int8", strided(), 2, Numbers::kInt8);
  compare("half padded, int8", half_padded(), 2, Numbers::kInt8);
}

TEST_CASE("a wake word net in int8 computes as little, and all of it in integers") {
  Program p = streamed(wake_word(), 2, Numbers::kInt8);
  CHECK(p.inputs[0].type == DType::kInt8);
  CHECK(double(total_macs(p)) >= 15 * p.stream->macs_per_frame);
  for (const Buffer& b : p.buffers) CHECK(b.type != DType::kFloat32);
}
