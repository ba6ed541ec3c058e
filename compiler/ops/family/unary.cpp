// Element-wise operators of one operand that are no activations, Cast and Where.
#include <cmath>

#include "lower/lowering.hpp"
#include "ops/broadcasting.hpp"
#include "ops/convert.hpp"
#include "ops/helpers.hpp"

namespace netsuke {
namespace {

// --- functions of one number ---

struct UnaryFunction {
  std::string_view op;
  std::string_view function;   // in runtime-stub/netsuke/math.hpp
  double (*eval)(double);
};

// Half to even, whatever rounding mode the host is in.
double round_half_even(double x) {
  double low = std::floor(x), fraction = x - low;
  if (fraction < 0.5) return low;
  if (fraction > 0.5) return low + 1;
  return std::fmod(low, 2) == 0 ? low : low + 1;
}

// What holds for floats and integers alike comes first.
constexpr UnaryFunction kFunctions[] = {
    {"Abs", "absolute", [](double x) { return std::fabs(x); }},
    {"Neg", "negative", [](double x) { return -x; }},
    {"Sign", "sign", [](double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }},
    {"Reciprocal", "reciprocal", [](double x) { return 1 / x; }},
    {"Floor", "floor_of", [](double x) { return std::floor(x); }},
    {"Ceil", "ceil_of", [](double x) { return std::ceil(x); }},
    {"Round", "round_half_even", [](double x) { return std::isfinite(x) ? round_half_even(x) : x; }},
    {"Exp", "exp_of", [](double x) { return std::exp(x); }},
    {"Log", "log_of", [](double x) { return std::log(x); }},
    {"Sqrt", "sqrt_of", [](double x) { return std::sqrt(x); }},
    {"Sin", "sin_of", [](double x) { return std::sin(x); }},
    {"Cos", "cos_of", [](double x) { return std::cos(x); }},
    {"Tan", "tan_of", [](double x) { return std::tan(x); }},
    {"Asin", "asin_of", [](double x) { return std::asin(x); }},
    {"Acos", "acos_of", [](double x) { return std::acos(x); }},
    {"Atan", "atan_of", [](double x) { return std::atan(x); }},
    {"Sinh", "sinh_of", [](double x) { return std::sinh(x); }},
    {"Cosh", "cosh_of", [](double x) { return std::cosh(x); }},
    {"Asinh", "asinh_of", [](double x) { return std::asinh(x); }},
    {"Acosh", "acosh_of", [](double x) { return std::acosh(x); }},
    {"Atanh", "atanh_of", [](double x) { return std::atanh(x); }},
};

const UnaryFunction& function_of(const Node& n) {
  for (const UnaryFunction& f : kFunctions)
    if (f.op == n.op) return f;
  NETSUKE_CHECK(false, "no function for '{}'", n.op);
  __builtin_unreachable();
}

void infer_float(Graph& g, Node& n) {
  require_type(g, n, 0, {DType::kFloat32, DType::kFloat64});
  infer_same(g, n);
}

void infer_number(Graph& g, Node& n) {
  if (type_of(g, n, 0) == DType::kBool) require_type(g, n, 0, {});
  infer_same(g, n);
}

template <class T, class R, class F>
void eval_each(Evaluation& e, F&& f) {
  auto in = e.in[0]->as<T>();
  auto out = e.out[0].as<R>();
  for (size_t i = 0; i < in.size(); i++) out[i] = f(in[i]);
}

void eval_float(Evaluation& e) {
  auto f = function_of(e.node).eval;
  visit_type(e.in[0]->type, [&]<class T>() {
    eval_each<T, T>(e, [&](T x) { return static_cast<T>(f(static_cast<double>(x))); });
  });
}

// Abs, Neg and Sign: integers are calculated with more bits than they have and then cut.
void eval_number(Evaluation& e) {
  if (is_float(e.in[0]->type)) return eval_float(e);
  const std::string& op = e.node.op;
  visit_type(e.in[0]->type, [&]<class T>() {
    eval_each<T, T>(e, [&](__int128 x) {
      if (op == "Neg") return static_cast<T>(-x);
      if (op == "Abs") return static_cast<T>(x < 0 ? -x : x);
      return static_cast<T>(x > 0 ? 1 : x < 0 ? -1 : 0);
    });
  });
}

// out[i] = expression of in[i], called x.
void lower_map(Lowering& l, const Node& n, const std::string& expression, const std::string& header) {
  const Value &in = l.graph[n.inputs[0]], &out = l.graph[n.outputs[0]];
  Function f{std::string(c_type_of(out.type)), fmt::format("{} x", c_type_of(in.type)), expression, header};
  Call call = make_call(n, "map_any", "map_any.hpp");
  call.parameters = {type_parameter("In", in.type), type_parameter("T", out.type),
                     {"count", count_of(out.shape)}, {"op", std::move(f)}, typed_activation_parameter(n, out.type)};
  call.arguments = {read(buffer_of(l, n.inputs[0])), write(buffer_of(l, n.outputs[0]))};
  if (size_of(in.type) == size_of(out.type)) call.in_place = {{0, 1}};
  call.rows = elementwise_rows(l.graph, n);
  l.program.calls.push_back(std::move(call));
}

void lower_function(Lowering& l, const Node& n) {
  lower_map(l, n, fmt::format("netsuke::{}(x)", function_of(n).function), "math.hpp");
}

// --- tests and bits ---

void infer_to_bool(Graph& g, Node& n) {
  require_type(g, n, 0, {DType::kFloat32, DType::kFloat64});
  set_output(g, n, 0, DType::kBool, shape_of(g, n, 0));
}

void infer_not(Graph& g, Node& n) {
  require_type(g, n, 0, {DType::kBool});
  infer_same(g, n);
}

void infer_bits(Graph& g, Node& n) {
  if (!is_integer(type_of(g, n, 0))) require_type(g, n, 0, {});
  infer_same(g, n);
}

void eval_not(Evaluation& e) {
  eval_each<bool, bool>(e, [](bool x) { return !x; });
}

void eval_bit_not(Evaluation& e) {
  visit_type(e.in[0]->type, [&]<class T>() {
    if constexpr (std::is_integral_v<T>) eval_each<T, T>(e, [](T x) { return static_cast<T>(-1 - static_cast<__int128>(x)); });
  });
}

void eval_is_nan(Evaluation& e) {
  visit_type(e.in[0]->type, [&]<class T>() {
    eval_each<T, bool>(e, [](T x) { return std::isnan(static_cast<double>(x)); });
  });
}

void canonicalise_is_inf(Canonicaliser& c) {
  set_default<int64_t>(c.node, "detect_positive", 1);
  set_default<int64_t>(c.node, "detect_negative", 1);
}

void eval_is_inf(Evaluation& e) {
  bool positive = get_int(e.node, "detect_positive") != 0, negative = get_int(e.node, "detect_negative") != 0;
  visit_type(e.in[0]->type, [&]<class T>() {
    eval_each<T, bool>(e, [&](T x) {
      return std::isinf(static_cast<double>(x)) && (x > T(0) ? positive : negative);
    });
  });
}

void lower_not(Lowering& l, const Node& n) { lower_map(l, n, "netsuke::logical_not(x)", "math.hpp"); }
void lower_bit_not(Lowering& l, const Node& n) { lower_map(l, n, "netsuke::bit_not(x)", "math.hpp"); }
void lower_is_nan(Lowering& l, const Node& n) { lower_map(l, n, "netsuke::is_nan(x)", "math.hpp"); }
void lower_is_inf(Lowering& l, const Node& n) {
  constexpr std::string_view kNames[] = {"never", "is_negative_infinite", "is_positive_infinite", "is_infinite"};
  size_t which = (get_int(n, "detect_positive") ? 2u : 0u) + (get_int(n, "detect_negative") ? 1u : 0u);
  lower_map(l, n, fmt::format("netsuke::{}(x)", kNames[which]), "math.hpp");
}

// --- Cast ---

// onnx.TensorProto.DataType
DType type_of_code(int64_t code) {
  constexpr std::pair<int, DType> kCodes[] = {
      {1, DType::kFloat32}, {2, DType::kUint8},  {3, DType::kInt8},  {4, DType::kUint16},   {5, DType::kInt16},  {6, DType::kInt32},
      {7, DType::kInt64},   {9, DType::kBool},   {11, DType::kFloat64}, {12, DType::kUint32}, {13, DType::kUint64},
  };
  for (auto [number, type] : kCodes)
    if (number == code) return type;
  return DType::kUndefined;
}

int64_t code_of_type(DType type) {
  for (int64_t code = 1; code <= 13; code++)
    if (type_of_code(code) == type) return code;
  return 0;
}

void canonicalise_cast(Canonicaliser& c) {
  if (!has_attribute(c.node, "to")) refuse(c.node, "it has no attribute 'to'");
  c.node.attributes.erase("saturate");  // concerns the 8-bit floats only
  DType to = type_of_code(get_int(c.node, "to"));
  if (to == DType::kUndefined) refuse(c.node, fmt::format("element type number {} is not supported", get_int(c.node, "to")));
  if (to != type_of(c.graph, c.node, 0)) return;
  c.node.op = "Identity";
  c.node.attributes.clear();
}

void canonicalise_cast_like(Canonicaliser& c) {
  c.node.attributes = {{"to", code_of_type(type_of(c.graph, c.node, 1))}};
  c.node.inputs.resize(1);
  c.node.op = "Cast";
}

void infer_cast(Graph& g, Node& n) { set_output(g, n, 0, type_of_code(get_int(n, "to")), shape_of(g, n, 0)); }

void eval_cast(Evaluation& e) {
  visit_type(e.in[0]->type, [&]<class From>() {
    visit_type(e.out[0].type, [&]<class To>() { eval_each<From, To>(e, convert_element<To, From>); });
  });
}

void lower_cast(Lowering& l, const Node& n) {
  lower_map(l, n, fmt::format("netsuke::convert<{}>(x)", c_type_of(l.graph[n.outputs[0]].type)), "convert.hpp");
}

// --- Where ---

void infer_where(Graph& g, Node& n) {
  require_type(g, n, 0, {DType::kBool});
  if (type_of(g, n, 1) != type_of(g, n, 2))
    refuse(n, fmt::format("its inputs have types {} and {}", name_of(type_of(g, n, 1)), name_of(type_of(g, n, 2))));
  set_output(g, n, 0, type_of(g, n, 1), broadcast(n, broadcast(n, shape_of(g, n, 0), shape_of(g, n, 1)), shape_of(g, n, 2)));
}

void eval_where(Evaluation& e) {
  visit_type(e.out[0].type, [&]<class T>() {
    size_t next = 0;
    for_each_index(e.out[0].shape, [&](const Shape& index) {
      auto at = [&](size_t i) { return static_cast<size_t>(broadcast_offset(index, e.in[i]->shape)); };
      e.out[0].as<T>()[next++] = e.in[0]->as<bool>()[at(0)] ? e.in[1]->as<T>()[at(1)] : e.in[2]->as<T>()[at(2)];
    });
  });
}

void lower_where(Lowering& l, const Node& n) {
  const Graph& g = l.graph;
  const Value& out = g[n.outputs[0]];
  Loops loops = collapse(out.shape, {shape_of(g, n, 0), shape_of(g, n, 1), shape_of(g, n, 2)});
  Call call = make_call(n, "where", "where.hpp");
  call.parameters = {type_parameter("T", out.type), {"dims", loops.dims}};
  constexpr std::string_view kOperands[] = {"c", "a", "b"};
  for (size_t i = 0; i < 3; i++) {
    BufferId b = buffer_of(l, n.inputs[i]);
    call.parameters.push_back({fmt::format("{}_rom", kOperands[i]), l.program[b].place == Place::kConstant});
    call.parameters.push_back({fmt::format("{}_strides", kOperands[i]), loops.strides[i]});
    call.arguments.push_back(read(b));
  }
  call.arguments.push_back(write(buffer_of(l, n.outputs[0])));
  call.in_place = elementwise_in_place(g, n, 3);
  call.rows = elementwise_rows(g, n);
  l.program.calls.push_back(std::move(call));
}

// --- Dropout: nothing happens at inference ---

Tensor ones(DType type, const Shape& shape) {
  Tensor t(type, shape);
  visit_type(type, [&]<class T>() {
    for (T& x : t.as<T>()) x = 1;
  });
  return t;
}

void canonicalise_dropout(Canonicaliser& c) {
  Node& n = c.node;
  if (has_input(n, 2)) {
    const Tensor* training = constant_of(c.graph, n.inputs[2]);
    if (!training || to_int64s(*training).at(0) != 0) refuse(n, "training_mode is not known to be false");
  }
  if (n.outputs.size() > 1 && n.outputs[1] != kNoValue) {  // the mask: nothing is dropped
    Value& mask = c.graph[n.outputs[1]];
    mask.type = c.opset < 10 ? type_of(c.graph, n, 0) : DType::kBool;
    mask.shape = shape_of(c.graph, n, 0);
    mask.constant = std::make_shared<const Tensor>(ones(mask.type, mask.shape));
  }
  n.outputs.resize(1);
  n.inputs.resize(1);
  n.attributes.clear();
  n.op = "Identity";
}

// --- records ---

constexpr std::string_view kFloats = "Float32 and float64 only.";

constexpr Op float_op(std::string_view name, QuantRule rule = QuantRule::kMeasured) {
  return {.name = name, .infer = infer_float, .eval = eval_float, .lower = lower_function,
          .quantisation = rule, .integer = IntegerForm::kFunction, .limits = kFloats};
}
constexpr Op number_op(std::string_view name, QuantRule rule) {
  return {.name = name, .infer = infer_number, .eval = eval_number, .lower = lower_function,
          .quantisation = rule, .integer = IntegerForm::kFunction, .limits = "All number types."};
}

constexpr Op kOps[] = {
    number_op("Abs", QuantRule::kMeasured),
    number_op("Neg", QuantRule::kMeasured),
    number_op("Sign", QuantRule::kFixed),
    float_op("Reciprocal"),
    float_op("Floor"),
    float_op("Ceil"),
    float_op("Round"),
    float_op("Exp"),
    float_op("Log"),
    float_op("Sqrt"),
    float_op("Sin", QuantRule::kFixed),
    float_op("Cos", QuantRule::kFixed),
    float_op("Tan"),
    float_op("Asin", QuantRule::kFixed),
    float_op("Acos", QuantRule::kFixed),
    float_op("Atan", QuantRule::kFixed),
    float_op("Sinh"),
    float_op("Cosh"),
    float_op("Asinh"),
    float_op("Acosh"),
    float_op("Atanh"),
    {.name = "Not", .infer = infer_not, .eval = eval_not, .lower = lower_not, .limits = "Bool only."},
    {.name = "BitwiseNot", .infer = infer_bits, .eval = eval_bit_not, .lower = lower_bit_not,
     .limits = "Integers only."},
    {.name = "IsNaN", .infer = infer_to_bool, .eval = eval_is_nan, .lower = lower_is_nan, .limits = kFloats},
    {.name = "IsInf", .canonicalise = canonicalise_is_inf, .infer = infer_to_bool, .eval = eval_is_inf,
     .lower = lower_is_inf, .limits = kFloats},
    {.name = "Cast", .canonicalise = canonicalise_cast, .infer = infer_cast, .eval = eval_cast,
     .lower = lower_cast, .limits = "Between float32, float64, integers of 8 to 64 bits and bool."},
    {.name = "CastLike", .min_inputs = 2, .max_inputs = 2, .canonicalise = canonicalise_cast_like,
     .limits = "Between float32, float64, integers of 8 to 64 bits and bool."},
    {.name = "Where", .min_inputs = 3, .max_inputs = 3, .infer = infer_where, .eval = eval_where,
     .lower = lower_where, .quantisation = QuantRule::kMeasured, .limits = "Both values must have the same type."},
    {.name = "Dropout", .max_inputs = 3, .max_outputs = 2, .canonicalise = canonicalise_dropout,
     .limits = "Inference only: training_mode must be a constant false."},
};

}  // namespace

std::span<const Op> unary_ops() { return kOps; }

}  // namespace netsuke
