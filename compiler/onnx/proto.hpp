// Private to compiler/onnx/: the only place that includes protobuf and ONNX headers.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>

#include "graph/graph.hpp"

namespace netsuke {

using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

onnx::ModelProto parse_model(const std::filesystem::path& path);

// Throws "bad-tensor" (data and shape disagree), "bad-external-data" or "type-unsupported", naming `name`.
// External data is looked up relative to `directory`. float16 and bfloat16 become float32
// (docs/decisions/float16-becomes-float32.md).
Tensor convert_tensor(const onnx::TensorProto& t, const std::string& name, const std::filesystem::path& directory);
DType convert_type(int32_t onnx_type);  // kUndefined for what is not supported
std::string onnx_type_name(int32_t onnx_type);
bool is_half(int32_t onnx_type);  // float16 or bfloat16

// `length` bytes of the file in which a tensor's data is kept beside the model.
std::string external_bytes(const onnx::TensorProto& t, int64_t length, const std::string& name,
                           const std::filesystem::path& directory);

// "" for both spellings of the default domain.
std::string normal_domain(const std::string& domain);

// The node's name, or its first output's when it has none.
std::string node_name(const onnx::NodeProto& n);
std::string qualified(const onnx::NodeProto& n);  // "Relu", "com.microsoft.Gelu"
const onnx::AttributeProto* find_attribute(const onnx::NodeProto& n, const std::string& name);

// Refuses names that are not UTF-8, contain control characters or are absurdly long ("bad-name").
void check_names(const onnx::ModelProto& m);
bool is_plain_text(const std::string& s);     // UTF-8 without control characters
std::string printable(const std::string& s);  // escapes what is not plain text, shortens what is long

// The protobuf fields of newer ONNX versions than libonnx's.
std::vector<onnx::AttributeProto> default_attributes(const onnx::FunctionProto& f);
std::string overload_of(const onnx::FunctionProto& f);
std::string overload_of(const onnx::NodeProto& n);

// Indices of the nodes so that each comes after those it reads; a model whose nodes stand in execution order
// keeps it. `is_known` says which names exist before. Throws "graph-cycle" and "duplicate-name".
std::vector<int> execution_order(const Nodes& nodes, const std::function<bool(const std::string&)>& is_known);

}  // namespace netsuke
