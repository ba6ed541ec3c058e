// ONNX file -> Graph in canonical form, with every shape known and everything computable computed.
// The rooms outside compiler/onnx/ never see a protobuf class.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.hpp"

namespace netsuke {

struct LoadOptions {
  std::map<std::string, Shape> input_shapes;  // --shape INPUT=1,3,96,96
};

// Opsets 7 to kNewestOpset are meant; newer ones are read with a warning. Throws model Errors for
// whatever is wrong with the file (docs/errors.md), usage Errors for a path or --shape that is.
Graph load_model(const std::filesystem::path& path, const LoadOptions& options, std::vector<std::string>& warnings);

// The files beside the model that hold its tensors' data, each once, in alphabetical order.
std::vector<std::filesystem::path> external_files(const std::filesystem::path& model);

// A serialised TensorProto, as in the ONNX backend tests' input_0.pb.
Tensor load_tensor(const std::filesystem::path& path);

// What inspect shows of a model that may not compile.
struct UnsupportedNode {
  std::string node, op, reason;
};
struct ModelSummary {
  std::string producer;
  int64_t ir_version = 0;
  std::map<std::string, int64_t> opsets;
  std::map<std::string, int> operators;  // name (with its domain when not ai.onnx) -> number of nodes
  std::vector<UnsupportedNode> unsupported;
};
// Every reason found, not only the first. Throws only when the file is not an ONNX model.
ModelSummary summarise_model(const std::filesystem::path& path, const LoadOptions& options = {});

}  // namespace netsuke
