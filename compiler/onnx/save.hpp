// Graph -> ONNX file, for `netsuke quantize`: what onnxruntime runs, Netron shows and load_model() reads again.
//
// Quantised values become QuantizeLinear -> DequantizeLinear pairs, quantised constants integer initialisers behind
// a DequantizeLinear (QDQ format); fused activations become nodes again, except a Relu or Clip that the grid behind it
// implies: without it, onnxruntime fuses the layer and both its grids. Feature maps have to be channels first, so
// the graph is saved before pass to-nhwc.
#pragma once

#include <filesystem>
#include <string>

#include "graph/graph.hpp"

namespace netsuke {

// The same graph with nodes of ai.onnx only, all in the form of one opset. Canonical form is close to ONNX's; what
// differs is undone here: attributes that ONNX has as inputs, netsuke's own operators, fused activations. Throws the
// model Error "save-unsupported" for the few nodes that have no ONNX form.
struct StandardGraph {
  Graph graph;
  int opset;  // the oldest from 13 on that has all the operators
};
StandardGraph standard_form(const Graph& g);

struct SaveOptions {
  // 8-bit grids of run-time values become uint8 (zero points grow by 128, which means the same). On x86 onnxruntime
  // runs layers as integers only then.
  bool uint8_activations = false;
};

// The bytes of the .onnx file. Same graph, same bytes.
std::string serialise_model(const Graph& g, const SaveOptions& options = {});
void save_model(const Graph& g, const std::filesystem::path& path, const SaveOptions& options = {});

// A TensorProto file, as in the ONNX backend tests.
void save_tensor(const Tensor& t, const std::filesystem::path& path);

}  // namespace netsuke
