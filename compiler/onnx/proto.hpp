// Private to compiler/onnx/: the only place that includes protobuf and ONNX headers.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>

#include "graph/graph.hpp"

namespace netsuke {

onnx::ModelProto parse_model(const std::filesystem::path& path);

// Throws "bad-tensor" (data and shape disagree, type not supported) naming `name`. External data is
// looked up relative to `directory`.
Tensor convert_tensor(const onnx::TensorProto& t, const std::string& name, const std::filesystem::path& directory);
DType convert_type(int32_t onnx_type);  // kUndefined for what is not supported
std::string onnx_type_name(int32_t onnx_type);

// "" for both spellings of the default domain.
std::string normal_domain(const std::string& domain);

}  // namespace netsuke
