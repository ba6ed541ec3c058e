// Damaged files: whatever the bytes are, loading ends with a Graph or an Error that is not our bug.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <random>

#include "support/files.hpp"
#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

// Operators with attributes, compile-time inputs, a branch and a function, so that a changed byte has many
// ways to mean something.
std::string model_text() {
  auto ones = [](int count) {
    std::string list = "1";
    for (int i = 1; i < count; i++) list += ", 1";
    return "{" + list + "}";
  };
  return "<ir_version: 8, opset_import: [\"\" : 17, \"mine\" : 1]>\n"
    "g (float[N,2,6,6] x) => (float[1,4] y)\n"
    "<float[3,2,3,3] w = " + ones(54) + ", float[27,4] m = " + ones(108) + ", int64[2] s = {1, -1}, bool c = {1}, int64[1] axes = {0}> {\n"
    "  a = Conv<kernel_shape = [3,3], strides = [1,1], pads = [1,1,1,1], group: int = 1>(x, w)\n"
    "  p = MaxPool<kernel_shape = [2,2], strides = [2,2]>(a)\n"
    "  q = mine.act<slope: float = 0.5>(p)\n"
    "  r = Reshape(q, s)\n"
    "  t = Gemm<alpha: float = 2.0, transB: int = 0>(r, m)\n"
    "  u = If (c) <then_branch = th () => (float[1,4] v) { v = Softmax<axis: int = 1>(t) },\n"
    "              else_branch = el () => (float[1,4] z) { z = Relu(t) }>\n"
    "  k = Unsqueeze(u, axes)\n"
    "  y = Squeeze(k, axes)\n"
    "}\n"
    "<domain: \"mine\", opset_import: [\"\" : 17]>\n"
    "act <slope> (i) => (o) { o = LeakyRelu<alpha: float = @slope>(i) }";
}

// No size that a damaged file only claims may be believed: more than this and allocation fails.
void limit_memory() {
#if !defined(__SANITIZE_ADDRESS__)
  rlimit limit{rlim_t{3} << 30, rlim_t{3} << 30};
  setrlimit(RLIMIT_AS, &limit);
#endif
}

std::string mutated(std::string bytes, std::mt19937& random) {
  auto below = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
  const size_t changes = 1 + below(4);
  for (size_t i = 0; i < changes && !bytes.empty(); i++) {
    size_t at = below(bytes.size());
    switch (below(24)) {  // mostly changes that leave the file a protobuf
      case 0: bytes[at] = static_cast<char>(below(256)); break;
      case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8))); break;
      case 2: bytes[at] = "\x00\x01\x7f\x80\xff"[below(5)]; break;
      case 3: bytes.erase(at, 1 + below(8)); break;
      case 4: bytes.insert(at, bytes, below(bytes.size()), 1 + below(16)); break;
      case 5: bytes.resize(at); break;
      default: bytes[at] = static_cast<char>(bytes[at] + static_cast<char>(below(5)) - 2); break;
    }
  }
  return bytes;
}

// The id of the error, "" when it loads. Anything but a model or usage Error fails the test.
std::string outcome(const std::filesystem::path& path) {
  std::vector<std::string> warnings;
  try {
    load_model(path, {}, warnings);
    return "";
  } catch (const Error& e) {
    INFO(e.id << " " << e.node << ": " << e.message);
    CHECK((e.kind == ErrorKind::kModel || e.kind == ErrorKind::kUsage));
    return e.id;
  }
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

TEST_CASE("damaged models never break the loader", "[.fuzz]") {
  limit_memory();
  std::filesystem::path directory = fresh_directory("fuzz"), path = directory / "model.onnx";
  write_model(model_text(), path);
  REQUIRE(outcome(path) == "");
  const std::string good = read_file(path);

  for (size_t length = 0; length < good.size(); length++) {
    INFO("cut to " << length);
    write(path, good.substr(0, length));
    outcome(path);
  }
  std::map<std::string, int> outcomes;
  for (unsigned seed = 0; seed < 4000; seed++) {
    std::mt19937 random(seed);
    write(path, mutated(good, random));
    INFO("seed " << seed << ", file kept in " << directory);
    const bool ok = [&] { try { outcomes[outcome(path)]++; return true; } catch (...) { return false; } }();
    if (!ok) std::filesystem::copy_file(path, directory / fmt::format("seed{}.onnx", seed));
    CHECK(ok);
  }
  // The mutations reach deep enough to matter: many kinds of errors, and harmless ones.
  CHECK(outcomes.size() > 10);
  CHECK(outcomes[""] > 100);
  for (const auto& [id, count] : outcomes) WARN(count << " " << (id.empty() ? "loads" : id));
}
