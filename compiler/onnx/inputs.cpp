// The model's run-time inputs and their sizes: declared, given with --shape, or 1 for the batch.
#include <algorithm>

#include "onnx/loader.hpp"

namespace netsuke {
namespace {

using Dimensions = onnx::TensorShapeProto;

[[noreturn]] void fail_option(const std::string& input, std::string message, std::string hint) {
  throw Error{ErrorKind::kUsage, "bad-shape-option", input, std::move(message), std::move(hint)};
}

bool is_runtime_input(const Loader& l, const onnx::ValueInfoProto& info) {
  auto it = l.scope.names.find(info.name());
  return it == l.scope.names.end() || !l.graph[it->second].constant;
}

const Shape* given_shape(const Loader& l, const std::string& input) {
  auto it = l.options.input_shapes.find(input);
  return it == l.options.input_shapes.end() ? nullptr : &it->second;
}

void check_option_names(const Loader& l) {
  for (const auto& [name, shape] : l.options.input_shapes) {
    const auto& inputs = l.model.graph().input();
    auto info = std::find_if(inputs.begin(), inputs.end(), [&](const auto& i) { return i.name() == name; });
    if (info == inputs.end())
      fail_option(name, "the model has no input of this name", "run `netsuke inspect` to see the inputs");
    if (!is_runtime_input(l, *info))
      fail_option(name, "this input has a constant value in the model", "leave out --shape for it");
    for (int64_t d : shape)
      if (d < 1) fail_option(name, fmt::format("--shape gives {}", to_string(shape)), "every size must be at least 1");
  }
}

// Named dimensions of inputs with --shape get their size.
void bind_given(Loader& l, const std::string& input, const onnx::TypeProto::Tensor& type, const Shape& given) {
  if (!type.has_shape()) return;
  if (static_cast<int>(given.size()) != type.shape().dim_size())
    fail_option(input, fmt::format("--shape gives {}, the model declares {} dimensions", to_string(given), type.shape().dim_size()),
                "give one size for each dimension");
  for (int i = 0; i < type.shape().dim_size(); i++) {
    const auto& d = type.shape().dim(i);
    int64_t size = given[static_cast<size_t>(i)];
    if (d.dim_value() > 0 && d.dim_value() != size)
      fail_option(input, fmt::format("--shape gives {} for dimension {}, the model fixes it to {}", size, i, d.dim_value()),
                  "only unknown dimensions can be chosen");
    if (d.dim_param().empty()) continue;
    auto [bound, added] = l.symbols.emplace(d.dim_param(), size);
    if (!added && bound->second != size)
      fail_option(input, fmt::format("--shape gives {} for dimension {}, which is '{}', and {} elsewhere", size, i, d.dim_param(), bound->second),
                  "dimensions of the same name must have the same size");
  }
}

// Exporters write an unknown batch as no value, a name, or 0.
bool is_open_batch(const Dimensions& shape, int i) {
  return i == 0 && shape.dim_size() > 1 && shape.dim(0).dim_value() == 0;
}

// The size of a dimension, or -1 when it is not known.
int64_t size_of_dimension(const Loader& l, const std::string& input, const Dimensions& shape, int i) {
  const auto& d = shape.dim(i);
  if (auto bound = l.symbols.find(d.dim_param()); d.has_dim_param() && bound != l.symbols.end()) return bound->second;
  if (is_open_batch(shape, i)) return 1;
  if (!d.has_dim_value()) return -1;
  if (d.dim_value() <= 0)
    fail("bad-shape", input, fmt::format("dimension {} is {}", i, d.dim_value()),
         "every size must be at least 1: export the model again, or use --shape");
  return d.dim_value();
}

// "1,3,height,?": what is known in numbers.
std::string outline(const Loader& l, const std::string& input, const Dimensions& shape) {
  std::string text;
  for (int i = 0; i < shape.dim_size(); i++) {
    int64_t size = size_of_dimension(l, input, shape, i);
    const std::string& symbol = shape.dim(i).dim_param();
    text += fmt::format("{}{}", i ? "," : "", size >= 0 ? fmt::to_string(size) : symbol.empty() ? "?" : symbol);
  }
  return text;
}

struct OpenShapes {
  std::string input;      // the first one
  std::string reasons;    // what is not known, for all inputs
  std::string options;    // the --shape options that say it
};

void add_open(OpenShapes& open, const std::string& input, const std::string& reason, const std::string& sizes) {
  if (open.input.empty()) open.input = input;
  open.reasons += (open.reasons.empty() ? "" : "; ") + reason;
  open.options += fmt::format(" --shape {}={}", input, sizes);
}

void find_open(const Loader& l, const onnx::ValueInfoProto& info, OpenShapes& open) {
  const auto& type = info.type().tensor_type();
  if (given_shape(l, info.name())) return;
  if (!type.has_shape()) return add_open(open, info.name(), fmt::format("input '{}' has no declared shape", info.name()), "?,?");
  std::string unknown;
  for (int i = 0; i < type.shape().dim_size(); i++) {
    if (size_of_dimension(l, info.name(), type.shape(), i) >= 0) continue;
    const std::string& symbol = type.shape().dim(i).dim_param();
    unknown += fmt::format("{}{}{}", unknown.empty() ? "" : " and ", i, symbol.empty() ? "" : fmt::format(" ('{}')", symbol));
  }
  if (unknown.empty()) return;
  add_open(open, info.name(), fmt::format("dimension {} of input '{}' is not known at compile time", unknown, info.name()),
           outline(l, info.name(), type.shape()));
}

void check_all_known(const Loader& l) {
  OpenShapes open;
  for (const auto& info : l.model.graph().input())
    if (is_runtime_input(l, info)) find_open(l, info, open);
  if (!open.input.empty())
    fail("symbolic-shape", open.input, open.reasons,
         fmt::format("give the sizes, with numbers for the names and question marks:{}", open.options));
}

Shape input_shape(const Loader& l, const onnx::ValueInfoProto& info) {
  if (const Shape* given = given_shape(l, info.name())) return *given;
  const Dimensions& declared = info.type().tensor_type().shape();
  Shape shape;
  for (int i = 0; i < declared.dim_size(); i++) shape.push_back(size_of_dimension(l, info.name(), declared, i));
  return shape;
}

void check_type(const onnx::ValueInfoProto& info) {
  const auto& type = info.type();
  const char* hint = "convert the model so that all its inputs are tensors of numbers";
  if (type.has_sequence_type() || type.has_map_type() || type.has_optional_type() || type.has_sparse_tensor_type())
    fail("type-unsupported", info.name(),
         fmt::format("this input is {}", type.has_sequence_type()   ? "a sequence"
                                         : type.has_map_type()      ? "a map"
                                         : type.has_optional_type() ? "an optional value"
                                                                    : "a sparse tensor"),
         hint);
  int32_t element = type.tensor_type().elem_type();
  if (!type.has_tensor_type() || element == onnx::TensorProto::UNDEFINED)
    fail("type-unsupported", info.name(), "the type of this input is not declared", "export the model again");
  if (convert_type(element) == DType::kUndefined)
    fail("type-unsupported", info.name(), fmt::format("inputs of type {} are not supported", onnx_type_name(element)), hint);
}

void load_input(Loader& l, const onnx::ValueInfoProto& info) {
  Shape shape = input_shape(l, info);
  try {
    count_of(shape);
  } catch (Error& e) {
    e.node = info.name();
    throw;
  }
  int32_t element = info.type().tensor_type().elem_type();
  warn_about_half(l, element, info.name());
  l.graph.inputs.push_back(define(l, info.name(), Value{"", convert_type(element), shape, nullptr, std::nullopt}));
}

void check_constant_input(const Loader& l, const onnx::ValueInfoProto& info) {
  check_declared(l, info.name(), l.scope.names.at(info.name()));
}

}  // namespace

void load_inputs(Loader& l) {
  const auto& inputs = l.model.graph().input();
  check_option_names(l);
  for (const auto& info : inputs)
    if (is_runtime_input(l, info)) check_type(info);
    else check_constant_input(l, info);
  for (const auto& info : inputs)
    if (const Shape* given = given_shape(l, info.name())) bind_given(l, info.name(), info.type().tensor_type(), *given);
  for (const auto& info : inputs) {
    const auto& shape = info.type().tensor_type().shape();
    if (is_runtime_input(l, info) && !given_shape(l, info.name()) && shape.dim_size() > 0 && is_open_batch(shape, 0) &&
        !shape.dim(0).dim_param().empty())
      l.symbols.emplace(shape.dim(0).dim_param(), 1);
  }
  check_all_known(l);
  for (const auto& info : inputs)
    if (is_runtime_input(l, info)) load_input(l, info);
}

}  // namespace netsuke
