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

// Runs the pipeline; the verifier runs after every pass. `after`, if set, sees the graph after each pass.
void run_passes(Graph& g, const PassOptions& options,
                const std::function<void(const Pass&, const Graph&)>& after = {});

}  // namespace netsuke
