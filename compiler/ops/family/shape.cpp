// Operators whose result is known at load, because shapes are static: all become Constant, with the
// attribute `value`, which is folded at once. NonZero and Range need constant inputs.
#include <cmath>

#include "lower/lowering.hpp"
#include "ops/movement.hpp"

namespace netsuke {
namespace {

// --- Constant ---

template <class T>
Tensor list_tensor(const Attribute& a) {
  if (auto* one = std::get_if<T>(&a)) return make_tensor<T>({}, std::span<const T>(one, 1));
  const auto& list = std::get<std::vector<T>>(a);
  return make_tensor<T>({static_cast<int64_t>(list.size())}, std::span<const T>(list));
}

void canonicalise_constant(Canonicaliser& c) {
  const auto& attributes = c.node.attributes;
  if (attributes.size() != 1) mismatch(c.node, fmt::format("it has {} values, expected one", attributes.size()));
  const std::string key = attributes.begin()->first;
  const Attribute value = attributes.begin()->second;
  if (key == "value" && std::holds_alternative<Tensor>(value)) return;
  if (key == "value_float" || key == "value_floats") return become_constant(c, list_tensor<float>(value));
  if (key == "value_int" || key == "value_ints") return become_constant(c, list_tensor<int64_t>(value));
  refuse(c.node, fmt::format("attribute '{}' is not a tensor of numbers", key));
}

const Tensor& value_of(const Node& n) { return std::get<Tensor>(n.attributes.at("value")); }

void infer_constant(Graph& g, Node& n) { set_output(g, n, 0, value_of(n).type, value_of(n).shape); }
void eval_constant(Evaluation& e) { e.out[0] = value_of(e.node); }

// --- Shape, Size ---

// start and end count from the back when negative, and are clamped; opset 15.
void canonicalise_shape(Canonicaliser& c) {
  Shape shape = shape_of(c.graph, c.node, 0);
  int64_t rank = static_cast<int64_t>(shape.size());
  auto bound = [&](const char* key, int64_t otherwise) {
    int64_t v = has_attribute(c.node, key) ? get_int(c.node, key) : otherwise;
    return std::clamp<int64_t>(v < 0 ? v + rank : v, 0, rank);
  };
  int64_t start = bound("start", 0), end = std::max(start, bound("end", rank));
  Shape part(shape.begin() + start, shape.begin() + end);
  become_constant(c, make_tensor<int64_t>({end - start}, std::span<const int64_t>(part)));
}

void canonicalise_size(Canonicaliser& c) {
  int64_t count = count_of(shape_of(c.graph, c.node, 0));
  become_constant(c, make_tensor<int64_t>({}, std::span<const int64_t>(&count, 1)));
}

// --- ConstantOfShape, Range, EyeLike, NonZero ---

const Tensor& known_input(const Canonicaliser& c, size_t i, const char* what) {
  const Tensor* t = constant_of(c.graph, c.node.inputs[i]);
  if (!t)
    fail("not-constant", c.node.name, fmt::format("{}: {} is computed at run time", c.node.op, what),
         "its result would have a shape that is not known at compile time");
  return *t;
}

void canonicalise_constant_of_shape(Canonicaliser& c) {
  Shape shape = to_int64s(known_input(c, 0, "the shape"));
  for (int64_t d : shape)
    if (d < 0) mismatch(c.node, fmt::format("{} is not a shape", to_string(shape)));
  Tensor zero(DType::kFloat32, {1});
  const Tensor& value = has_attribute(c.node, "value") ? value_of(c.node) : zero;
  if (value.count() != 1) mismatch(c.node, fmt::format("its value has {} elements, expected one", value.count()));
  Tensor filled(value.type, std::move(shape));
  move_elements(value, filled, [](const Shape&) { return 0; });
  become_constant(c, std::move(filled));
}

template <class T>
Tensor range(const Canonicaliser& c, T start, T limit, T delta) {
  if (delta == T(0)) mismatch(c.node, "delta is 0");
  double steps = std::ceil((double(limit) - double(start)) / double(delta));
  if (!(steps < double(kMaxElements)))
    fail("tensor-too-large", c.node.name, fmt::format("Range: it has {:.0f} elements", steps), "correct its inputs");
  Tensor t(dtype_of<T>(), {static_cast<int64_t>(std::max(steps, 0.0))});
  for (size_t i = 0; i < t.as<T>().size(); i++)
    t.as<T>()[i] = static_cast<T>(start + static_cast<T>(i) * delta);
  return t;
}

void canonicalise_range(Canonicaliser& c) {
  const Tensor& start = known_input(c, 0, "start");
  const Tensor& limit = known_input(c, 1, "limit");
  const Tensor& delta = known_input(c, 2, "delta");
  if (start.count() != 1 || limit.count() != 1 || delta.count() != 1) mismatch(c.node, "an input is not a scalar");
  if (start.type != limit.type || start.type != delta.type) mismatch(c.node, "its inputs have different types");
  if (start.type == DType::kBool) refuse(c.node, "its inputs have type bool");
  become_constant(c, visit_type(start.type, [&]<class T>() {
                    return range<T>(c, start.as<T>()[0], limit.as<T>()[0], delta.as<T>()[0]);
                  }));
}

// The numbers of onnx.TensorProto.DataType.
DType type_of_number(const Node& n, int64_t number) {
  static constexpr DType kTypes[] = {DType::kUndefined, DType::kFloat32, DType::kUint8,     DType::kInt8,
                                     DType::kUint16,    DType::kInt16,   DType::kInt32,     DType::kInt64,
                                     DType::kUndefined, DType::kBool,    DType::kUndefined, DType::kFloat64,
                                     DType::kUint32,    DType::kUint64};
  DType type = number >= 0 && number < 14 ? kTypes[number] : DType::kUndefined;
  if (type == DType::kUndefined) refuse(n, fmt::format("element type {} is not supported", number));
  return type;
}

void set_one(Tensor& t, size_t i) {
  visit_type(t.type, [&]<class T>() { t.as<T>()[i] = T(1); });
}

void canonicalise_eye_like(Canonicaliser& c) {
  const Shape shape = shape_of(c.graph, c.node, 0);
  if (shape.size() != 2) mismatch(c.node, fmt::format("its input has shape {}, it must be a matrix", to_string(shape)));
  int64_t k = has_attribute(c.node, "k") ? get_int(c.node, "k") : 0;
  Tensor eye(has_attribute(c.node, "dtype") ? type_of_number(c.node, get_int(c.node, "dtype")) : type_of(c.graph, c.node, 0),
             shape);
  for (int64_t row = 0; row < shape[0]; row++)
    if (row + k >= 0 && row + k < shape[1]) set_one(eye, static_cast<size_t>(row * shape[1] + row + k));
  become_constant(c, std::move(eye));
}

// One row for each dimension, one column for each element that is not 0.
void canonicalise_non_zero(Canonicaliser& c) {
  const Tensor& in = known_input(c, 0, "the input");
  std::vector<double> values = to_doubles(in);
  std::vector<Shape> found;
  size_t next = 0;
  for_each_index(in.shape, [&](const Shape& index) {
    if (values[next++] != 0) found.push_back(index);
  });
  Tensor out(DType::kInt64, {static_cast<int64_t>(in.shape.size()), static_cast<int64_t>(found.size())});
  for (size_t d = 0; d < in.shape.size(); d++)
    for (size_t i = 0; i < found.size(); i++) out.as<int64_t>()[d * found.size() + i] = found[i][d];
  become_constant(c, std::move(out));
}

constexpr Op kOps[] = {
    {.name = "Constant", .min_inputs = 0, .max_inputs = 0, .canonicalise = canonicalise_constant,
     .infer = infer_constant, .eval = eval_constant, .limits = "Sparse tensors and strings are not supported."},
    {.name = "Shape", .canonicalise = canonicalise_shape},
    {.name = "Size", .canonicalise = canonicalise_size},
    {.name = "ConstantOfShape", .canonicalise = canonicalise_constant_of_shape,
     .limits = "The shape must be known at compile time."},
    {.name = "Range", .min_inputs = 3, .max_inputs = 3, .canonicalise = canonicalise_range,
     .limits = "The inputs must be known at compile time."},
    {.name = "EyeLike", .canonicalise = canonicalise_eye_like},
    {.name = "NonZero", .canonicalise = canonicalise_non_zero, .limits = "The input must be known at compile time."},
};

}  // namespace

std::span<const Op> shape_ops() { return kOps; }

}  // namespace netsuke
