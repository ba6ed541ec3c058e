#include "onnx/save.hpp"

#include <algorithm>
#include <unordered_set>

#include "graph/quantization.hpp"
#include "onnx/proto.hpp"
#include "support/files.hpp"

namespace netsuke {
namespace {

// What each value is called in the file: by the node that makes it, and by those that read it. They differ where a
// QuantizeLinear and a DequantizeLinear stand between.
struct Names {
  std::vector<std::string> made, read;
};

struct Writer {
  const Graph& graph;
  const SaveOptions& options;
  onnx::GraphProto& out;
  Names names;
  std::unordered_set<std::string> taken;
};

// --- tensors ---

int32_t onnx_type(DType type) {
  switch (type) {
    case DType::kFloat32: return onnx::TensorProto::FLOAT;
    case DType::kFloat64: return onnx::TensorProto::DOUBLE;
    case DType::kInt8: return onnx::TensorProto::INT8;
    case DType::kUint8: return onnx::TensorProto::UINT8;
    case DType::kInt16: return onnx::TensorProto::INT16;
    case DType::kUint16: return onnx::TensorProto::UINT16;
    case DType::kInt32: return onnx::TensorProto::INT32;
    case DType::kUint32: return onnx::TensorProto::UINT32;
    case DType::kInt64: return onnx::TensorProto::INT64;
    case DType::kUint64: return onnx::TensorProto::UINT64;
    case DType::kBool: return onnx::TensorProto::BOOL;
    case DType::kUndefined: break;
  }
  NETSUKE_CHECK(false, "undefined element type");
  return 0;
}

onnx::TensorProto tensor_proto(const Tensor& t, const std::string& name) {
  onnx::TensorProto p;
  p.set_name(name);
  p.set_data_type(onnx_type(t.type));
  for (int64_t d : t.shape) p.add_dims(d);
  p.set_raw_data(t.bytes.data(), t.bytes.size());
  return p;
}

std::string serialised(const google::protobuf::MessageLite& m) {
  std::string bytes;
  NETSUKE_CHECK(m.SerializeToString(&bytes), "a model of more than 2 GB");
  return bytes;
}

// --- names ---

// The name itself if it is free, else with a number.
std::string unique_name(Writer& w, const std::string& wanted) {
  std::string base = wanted.empty() ? "value" : wanted, name = base;
  for (int i = 1; !w.taken.insert(name).second; i++) name = fmt::format("{}_{}", base, i);
  return name;
}

// Inputs and outputs keep their names: they are what a program asks for.
void name_ports(Writer& w) {
  for (ValueId v : w.graph.inputs) {
    std::string& name = w.names.made[static_cast<size_t>(v)];
    name = unique_name(w, w.graph[v].name);
  }
  for (ValueId v : w.graph.outputs) {
    std::string& name = w.names.read[static_cast<size_t>(v)];
    if (name.empty() && w.names.made[static_cast<size_t>(v)].empty()) name = unique_name(w, w.graph[v].name);
  }
}

// A copy whose output is rounded is only there for the grid: its QuantizeLinear reads what the copy reads.
bool is_rounding(const Graph& g, const Node& n) { return n.op == "Identity" && g[n.outputs[0]].quantization.has_value(); }

void name_value(Writer& w, ValueId v) {
  if (v == kNoValue) return;
  std::string &made = w.names.made[static_cast<size_t>(v)], &read = w.names.read[static_cast<size_t>(v)];
  if (!made.empty() && !read.empty()) return;
  bool pair = w.graph[v].quantization.has_value();
  if (made.empty()) made = !pair && !read.empty() ? read : unique_name(w, w.graph[v].name + (pair && !read.empty() ? "_float" : ""));
  if (read.empty()) read = pair ? unique_name(w, w.graph[v].name + "_dequantized") : made;
}

// --- nodes ---

void write_attribute(onnx::NodeProto& n, const std::string& name, const Attribute& value) {
  onnx::AttributeProto& a = *n.add_attribute();
  a.set_name(name);
  if (auto* i = std::get_if<int64_t>(&value)) {
    a.set_type(onnx::AttributeProto::INT);
    a.set_i(*i);
  } else if (auto* f = std::get_if<float>(&value)) {
    a.set_type(onnx::AttributeProto::FLOAT);
    a.set_f(*f);
  } else if (auto* s = std::get_if<std::string>(&value)) {
    a.set_type(onnx::AttributeProto::STRING);
    a.set_s(*s);
  } else if (auto* ints = std::get_if<std::vector<int64_t>>(&value)) {
    a.set_type(onnx::AttributeProto::INTS);
    for (int64_t i : *ints) a.add_ints(i);
  } else if (auto* floats = std::get_if<std::vector<float>>(&value)) {
    a.set_type(onnx::AttributeProto::FLOATS);
    for (float f : *floats) a.add_floats(f);
  } else {
    a.set_type(onnx::AttributeProto::TENSOR);
    *a.mutable_t() = tensor_proto(std::get<Tensor>(value), "");
  }
}

onnx::NodeProto& add_node(Writer& w, const std::string& op, const std::string& name,
                          const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
  onnx::NodeProto& n = *w.out.add_node();
  n.set_op_type(op);
  n.set_name(name);
  for (const std::string& i : inputs) n.add_input(i);
  for (const std::string& o : outputs) n.add_output(o);
  return n;
}

// Scale and zero point as initialisers. ONNX wants none for int32, whose zero point is always 0.
std::vector<std::string> write_grid(Writer& w, const Quantization& q, const std::string& name) {
  Shape shape;
  if (q.axis >= 0) shape.push_back(static_cast<int64_t>(q.scales.size()));
  std::vector<std::string> inputs{unique_name(w, name + "_scale")};
  *w.out.add_initializer() = tensor_proto(make_tensor<float>(shape, std::span<const float>(q.scales)), inputs[0]);
  if (q.type == DType::kInt32) return inputs;
  Tensor zero(q.type, shape);
  visit_type(q.type, [&]<class T>() {
    std::transform(q.zero_points.begin(), q.zero_points.end(), zero.as<T>().begin(), [](int32_t z) { return static_cast<T>(z); });
  });
  inputs.push_back(unique_name(w, name + "_zero_point"));
  *w.out.add_initializer() = tensor_proto(zero, inputs[1]);
  return inputs;
}

void set_axis(onnx::NodeProto& n, const Quantization& q) {
  if (q.axis >= 0) write_attribute(n, "axis", q.axis);
}

void write_constant(Writer& w, ValueId v) {
  const Value& value = w.graph[v];
  const std::string &made = w.names.made[static_cast<size_t>(v)], &read = w.names.read[static_cast<size_t>(v)];
  if (!value.quantization) {
    *w.out.add_initializer() = tensor_proto(*value.constant, made);
    return;
  }
  *w.out.add_initializer() = tensor_proto(to_grid(*value.constant, *value.quantization), made);
  std::vector<std::string> inputs = write_grid(w, *value.quantization, value.name);
  inputs.insert(inputs.begin(), made);
  set_axis(add_node(w, "DequantizeLinear", read + "/DequantizeLinear", inputs, {read}), *value.quantization);
}

// The grid of a run-time value as the file has it.
Quantization saved_grid(const Writer& w, Quantization q) {
  if (!w.options.uint8_activations || q.type != DType::kInt8) return q;
  q.type = DType::kUint8;
  for (int32_t& z : q.zero_points) z += 128;
  return q;
}

void write_pair(Writer& w, ValueId v) {
  const Value& value = w.graph[v];
  if (!value.quantization || value.constant) return;
  const std::string &made = w.names.made[static_cast<size_t>(v)], &read = w.names.read[static_cast<size_t>(v)];
  std::string stored = unique_name(w, value.name + "_quantized");
  std::vector<std::string> grid = write_grid(w, saved_grid(w, *value.quantization), value.name);
  std::vector<std::string> to = grid, from = grid;
  to.insert(to.begin(), made);
  from.insert(from.begin(), stored);
  set_axis(add_node(w, "QuantizeLinear", stored + "/QuantizeLinear", to, {stored}), *value.quantization);
  set_axis(add_node(w, "DequantizeLinear", read + "/DequantizeLinear", from, {read}), *value.quantization);
}

void write_node(Writer& w, const Node& n) {
  std::vector<std::string> inputs, outputs;
  for (ValueId v : n.inputs) inputs.push_back(v == kNoValue ? "" : w.names.read[static_cast<size_t>(v)]);
  for (ValueId v : n.outputs) outputs.push_back(v == kNoValue ? "" : w.names.made[static_cast<size_t>(v)]);
  onnx::NodeProto& p = add_node(w, n.op, n.name, inputs, outputs);
  for (const auto& [key, value] : n.attributes) write_attribute(p, key, value);
}

// --- the graph ---

void write_port(onnx::ValueInfoProto& p, const Value& v, const std::string& name) {
  p.set_name(name);
  auto& type = *p.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx_type(v.type));
  type.mutable_shape();  // a scalar has a shape, too
  for (int64_t d : v.shape) type.mutable_shape()->add_dim()->set_dim_value(d);
}

void write_outputs(Writer& w) {
  for (ValueId v : w.graph.outputs) write_port(*w.out.add_output(), w.graph[v], w.names.read[static_cast<size_t>(v)]);
}

// Constants in the order in which nodes read them, then those that are outputs only.
void write_constants(Writer& w) {
  std::vector<bool> written(w.graph.values.size(), false);
  auto write = [&](ValueId v) {
    if (v == kNoValue || !w.graph[v].constant || written[static_cast<size_t>(v)]) return;
    written[static_cast<size_t>(v)] = true;
    write_constant(w, v);
  };
  for (const Node& n : w.graph.nodes) std::for_each(n.inputs.begin(), n.inputs.end(), write);
  std::for_each(w.graph.outputs.begin(), w.graph.outputs.end(), write);
}

void write_graph(Writer& w) {
  w.out.set_name(w.graph.name.empty() ? "graph" : w.graph.name);
  name_ports(w);
  for (ValueId v : w.graph.inputs) name_value(w, v);
  for (const Node& n : w.graph.nodes) {
    for (ValueId v : n.inputs) name_value(w, v);
    if (is_rounding(w.graph, n)) w.names.made[static_cast<size_t>(n.outputs[0])] = w.names.read[static_cast<size_t>(n.inputs[0])];
    for (ValueId v : n.outputs) name_value(w, v);
  }
  for (ValueId v : w.graph.outputs) name_value(w, v);
  write_constants(w);
  for (ValueId v : w.graph.inputs) {
    write_port(*w.out.add_input(), w.graph[v], w.names.made[static_cast<size_t>(v)]);
    write_pair(w, v);
  }
  for (const Node& n : w.graph.nodes) {
    if (!is_rounding(w.graph, n)) write_node(w, n);
    for (ValueId v : n.outputs)
      if (v != kNoValue) write_pair(w, v);
  }
  write_outputs(w);
}

}  // namespace

std::string serialise_model(const Graph& g, const SaveOptions& options) {
  StandardGraph standard = standard_form(g);
  onnx::ModelProto m;
  // The IR version that came with the opset (github.com/onnx/onnx, docs/Versioning.md).
  m.set_ir_version(standard.opset <= 18 ? 8 : standard.opset <= 20 ? 9 : 10);
  m.set_producer_name("netsuke");
  auto& opset = *m.add_opset_import();
  opset.set_domain("");
  opset.set_version(standard.opset);
  size_t count = standard.graph.values.size();
  Writer w{standard.graph, options, *m.mutable_graph(), {std::vector<std::string>(count), std::vector<std::string>(count)}, {}};
  write_graph(w);
  return serialised(m);
}

void save_model(const Graph& g, const std::filesystem::path& path, const SaveOptions& options) {
  write_file_if_changed(path, serialise_model(g, options));
}

void save_tensor(const Tensor& t, const std::filesystem::path& path) {
  write_file_if_changed(path, serialised(tensor_proto(t, "")));
}

}  // namespace netsuke
