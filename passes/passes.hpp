// One declaration for each pass; the file of the same name opens with what it does.
#pragma once

#include "passes/pipeline.hpp"

namespace netsuke {

bool collapse_quantization(Graph& g, const PassOptions& options);
bool dense_from_matmul(Graph& g, const PassOptions& options);
bool fold_constants(Graph& g, const PassOptions& options);
bool fuse_activations(Graph& g, const PassOptions& options);
bool fuse_batch_norm(Graph& g, const PassOptions& options);
bool fuse_pad(Graph& g, const PassOptions& options);
bool lift_integers(Graph& g, const PassOptions& options);
bool merge_duplicates(Graph& g, const PassOptions& options);
bool recognise_activations(Graph& g, const PassOptions& options);
bool remove_dead_channels(Graph& g, const PassOptions& options);
bool remove_dead_code(Graph& g, const PassOptions& options);
bool remove_identities(Graph& g, const PassOptions& options);
bool spread_grids(Graph& g, const PassOptions& options);
bool to_integers(Graph& g, const PassOptions& options);
bool to_nhwc(Graph& g, const PassOptions& options);

}  // namespace netsuke
