// The shared models with their inputs in the arena: what they need in all, and that the code is right.
#include <catch2/catch.hpp>

#include "support/models.hpp"
#include "verify.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

struct Limit {
  const char* model;
  bool native;
  int64_t bytes;
};

VerifyResult verified(const std::filesystem::path& folder, const Limit& limit, Optimise optimise) {
  VerifyOptions o;
  o.compile.model = folder / "model.onnx";
  o.compile.emit.model = "model.onnx";
  o.compile.emit.name = "model";
  o.compile.arena_io = true;
  o.compile.native_io = limit.native;
  o.compile.optimise = optimise;
  o.data = folder;
  return verify_model(o);
}

}  // namespace

TEST_CASE("inputs in the arena are consumed row by row", "[.models]") {
  auto shared = shared_models();
  if (!shared) {
    WARN("skipped: ../shared is absent");
    return;
  }
  // What docs/memory.md says; VWW's input alone has 27,648 bytes.
  for (const Limit& limit : {Limit{"kws_int8", true, 5212}, {"ic_int8", true, 12416}, {"vww_int8", true, 28032}, {"ad_int8", true, 768},
                             {"kws_int8", false, 5212}, {"ic_int8", false, 12512}, {"kws_float", false, 19816}, {"vww_float", false, 112128}}) {
    INFO(limit.model << (limit.native ? " native" : ""));
    VerifyResult r = verified(*shared / limit.model, limit, Optimise::kRam);
    CHECK(r.pass());
    CHECK(r.compiled.program.arena_bytes <= limit.bytes);
  }
  CHECK(verified(*shared / "ic_int8", {"ic_int8", true, 0}, Optimise::kBalanced).pass());
  CHECK(verified(*shared / "ic_int8", {"ic_int8", true, 0}, Optimise::kSpeed).pass());
}
