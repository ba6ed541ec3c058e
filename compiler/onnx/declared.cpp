// What the model says about types and shapes, held against what was inferred; the graph's outputs.
#include <set>

#include "onnx/loader.hpp"

namespace netsuke {
namespace {

constexpr const char* kHint = "the file contradicts itself: correct the declaration, or export the model again";

std::string text_of(const onnx::TensorShapeProto& shape) {
  std::string text;
  for (const auto& d : shape.dim())
    text += fmt::format("{}{}", text.empty() ? "" : ",",
                        d.has_dim_value() ? fmt::to_string(d.dim_value()) : d.dim_param().empty() ? "?" : d.dim_param());
  return "[" + text + "]";
}

// Names, missing values and 0 (an unknown size in files of some exporters) agree with anything.
bool agrees(const onnx::TensorShapeProto& declared, const Shape& shape) {
  if (declared.dim_size() != static_cast<int>(shape.size())) return false;
  for (int i = 0; i < declared.dim_size(); i++)
    if (int64_t d = declared.dim(i).dim_value(); d != 0 && d != shape[static_cast<size_t>(i)]) return false;
  return true;
}

void check_against(const std::string& name, const onnx::TypeProto& type, const Value& v) {
  if (type.value_case() == onnx::TypeProto::VALUE_NOT_SET) return;
  if (!type.has_tensor_type()) fail("type-contradiction", name, "it is declared as something else than a tensor", kHint);
  const auto& tensor = type.tensor_type();
  if (tensor.elem_type() != onnx::TensorProto::UNDEFINED && convert_type(tensor.elem_type()) != v.type)
    fail("type-contradiction", name,
         fmt::format("it is declared as {}, but it is {}", onnx_type_name(tensor.elem_type()), name_of(v.type)), kHint);
  if (tensor.has_shape() && !agrees(tensor.shape(), v.shape))
    fail("shape-contradiction", name,
         fmt::format("its declared shape is {}, but it has shape {}", text_of(tensor.shape()), to_string(v.shape)), kHint);
}

// An output that is another value under a new name (of an If, a function) gets the name by an Identity.
ValueId named_output(Loader& l, const std::string& name, ValueId id) {
  if (l.graph[id].name == name) return id;
  ValueId out = add_value(l.graph, Value{name, DType::kUndefined, {}, nullptr, std::nullopt});
  finish_node(l, Node{"Identity", name, {id}, {out}, {}, {}}, opset_of(l, ""));
  return out;
}

void load_output(Loader& l, const onnx::ValueInfoProto& info) {
  auto it = l.scope.names.find(info.name());
  if (it == l.scope.names.end())
    fail("missing-value", info.name(), "this output is never made", "export the model again");
  if (it->second == kPoisoned) return;
  const Value& v = l.graph[it->second];
  check_against(info.name(), info.type(), v);
  if (count_of(v.shape) == 0)
    fail("bad-shape", info.name(), fmt::format("this output has shape {} and so no elements", to_string(v.shape)),
         "remove the output, or correct the sizes it comes from");
  l.graph.outputs.push_back(named_output(l, info.name(), it->second));
}

}  // namespace

void add_declared(Loader& l, const onnx::GraphProto& g) {
  for (const auto* infos : {&g.value_info(), &g.input(), &g.output()})
    for (const auto& info : *infos) l.scope.declared[info.name()] = &info.type();
}

void check_declared(const Loader& l, const std::string& name, ValueId id) {
  auto it = l.scope.declared.find(name);
  if (it != l.scope.declared.end() && id >= 0) check_against(name, *it->second, l.graph[id]);
}

void load_outputs(Loader& l) {
  const onnx::GraphProto& g = l.model.graph();
  if (g.output_size() == 0) fail("no-outputs", g.name(), "the model has no outputs", "export the model again");
  std::set<std::string> seen;
  for (const auto& info : g.output()) {
    if (!seen.insert(info.name()).second)
      fail("duplicate-name", info.name(), "two outputs have this name", "export the model again with unique names");
    load_output(l, info);
  }
}

}  // namespace netsuke
