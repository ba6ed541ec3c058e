#include "passes/pipeline.hpp"

#include <algorithm>

#include "passes/passes.hpp"

namespace netsuke {
namespace {

constexpr bool kRequired = true;

constexpr Pass kPipeline[] = {
    // The loader has folded constants and brought every operator to its canonical form. Feature maps are
    // channels first, no node has a fused activation.
    {"lift-integers", lift_integers, "pools and reshapes of integers in QOperator models become those of real numbers, as in QDQ models", kRequired},
    {"collapse-quantization", collapse_quantization, "a QuantizeLinear and DequantizeLinear pair becomes a property of a value; passes see the float model", kRequired},
    // From here on values with a grid are rounded onto it; only integers that the model itself takes or gives are typed so.
    {"remove-identities", remove_identities, "nodes that change nothing hide neighbours from each other"},
    {"merge-duplicates", merge_duplicates, "what is computed twice is computed once; also gives later passes single readers"},
    {"recognise-activations", recognise_activations, "exporters spell HardSwish, Gelu, Mish ... in up to nine nodes, each a loop over the map"},
    {"dense-from-matmul", dense_from_matmul, "Gemm, MatMul and MatMul + Add become one operator with packed weights"},
    // From here on matrix products with constant weights are Dense.
    {"fuse-pad", fuse_pad, "a padded copy of a map costs RAM and time; windows pad as they read"},
    {"fuse-batch-norm", fuse_batch_norm, "BatchNormalization and other per-channel arithmetic cost nothing once inside the weights"},
    {"fold-constants", fold_constants, "what the passes above made constant is computed here, not on the device"},
    // From here on weights have their final values; only whole channels still go.
    {"fuse-activations", fuse_activations, "an activation costs nothing inside the loop that makes its input"},
    {"remove-dead-channels", remove_dead_channels, "training leaves filters that are zero: with what they feed, half of a MobileNet's work"},
    // From here on feature maps have their final channels; those that windows read are channels last.
    {"to-nhwc", to_nhwc, "kernels want channels last; transposes cancel, follow or go into weights", kRequired},
    {"spread-grids", spread_grids, "between integer operators, copies and pools of integers run in integers"},
    {"to-integers", to_integers, "what the model quantised runs in integers; rounding becomes multiplying and shifting", kRequired},
    // From here on types are final.
    {"remove-dead-code", remove_dead_code, "what the passes above left without a reader goes"},
};

size_t first_layout_pass() {
  auto it = std::find_if(std::begin(kPipeline), std::end(kPipeline), [](const Pass& p) { return p.name == "to-nhwc"; });
  return static_cast<size_t>(it - std::begin(kPipeline));
}

}  // namespace

std::span<const Pass> pipeline() { return kPipeline; }
std::span<const Pass> model_passes() { return pipeline().first(first_layout_pass()); }
std::span<const Pass> layout_passes() { return pipeline().subspan(first_layout_pass()); }

void run_passes(Graph& g, const PassOptions& options, const std::function<void(const Pass&, const Graph&)>& after,
                std::span<const Pass> passes) {
  for (const Pass& pass : passes) {
    bool disabled = std::find(options.disabled.begin(), options.disabled.end(), pass.name) != options.disabled.end();
    if (disabled && !pass.required) continue;
    pass.run(g, options);
    verify(g, std::string(pass.name));
    if (after) after(pass, g);
  }
}

}  // namespace netsuke
