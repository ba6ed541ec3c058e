// All passes in their order, with the reason of each.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "graph/graph.hpp"

namespace netsuke {

struct PassOptions {
  std::vector<std::string> disabled;  // names of passes to leave out, for tests and for hunting bugs
  bool native_io = false;  // inputs and outputs that are on a grid are integers (to-integers)
};

struct Pass {
  std::string_view name;
  bool (*run)(Graph&, const PassOptions&);  // returns whether it changed anything
  std::string_view reason;
  bool required = false;  // lowering needs it, so it cannot be disabled
};

std::span<const Pass> pipeline();
// Its two halves: before the second the graph is the model with its final weights, in ONNX's layout. There
// `netsuke quantize` comes in (compiler/quantize/).
std::span<const Pass> model_passes();
std::span<const Pass> layout_passes();

// Runs the passes; the verifier runs after every one. `after`, if set, sees the graph after each.
void run_passes(Graph& g, const PassOptions& options, const std::function<void(const Pass&, const Graph&)>& after = {},
                std::span<const Pass> passes = pipeline());

}  // namespace netsuke
