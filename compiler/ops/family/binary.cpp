// Element-wise operators of two operands with NumPy broadcasting (opset 7 on): arithmetic, comparisons, logic
// and bits. Max, Min, Sum and Mean take any number of operands and become chains of two.
//
// Integers wrap around; division truncates; x / 0, x mod 0 and shifts by the width or more give 0. The
// kernel's functions are in runtime-stub/netsuke/arithmetic.hpp.
#include <cmath>
#include <limits>

#include "lower/lowering.hpp"
#include "ops/broadcasting.hpp"
#include "ops/convert.hpp"
#include "ops/helpers.hpp"

namespace netsuke {
namespace {

// --- canonicalise ---

void canonicalise_mod(Canonicaliser& c) { set_default<int64_t>(c.node, "fmod", 0); }

void become_identity(Canonicaliser& c) {
  c.node.op = "Identity";
  c.node.attributes.clear();
}

// Sum(a, b, c)  →  Add(Add(a, b), c)
void chain(Canonicaliser& c, const std::string& op) {
  Node& n = c.node;
  if (n.inputs.size() == 1) return become_identity(c);
  ValueId sum = n.inputs[0];
  for (size_t i = 1; i + 1 < n.inputs.size(); i++) sum = add_preceding(c, op, {sum, n.inputs[i]});
  n.op = op;
  n.inputs = {sum, n.inputs.back()};
}

void canonicalise_sum(Canonicaliser& c) { chain(c, "Add"); }

// Max and Min are their own two-operand forms.
void canonicalise_extreme(Canonicaliser& c) {
  if (c.node.inputs.size() != 2) chain(c, c.node.op);
}

// Mean(a, b, c)  →  Sum(a, b, c) * (1 / 3)
void canonicalise_mean(Canonicaliser& c) {
  size_t count = c.node.inputs.size();
  require_type(c.graph, c.node, 0, {DType::kFloat32, DType::kFloat64});
  if (count == 1) return become_identity(c);
  DType type = type_of(c.graph, c.node, 0);
  Tensor factor(type, {});
  if (type == DType::kFloat32)
    factor.as<float>()[0] = 1.0f / static_cast<float>(count);
  else
    factor.as<double>()[0] = 1.0 / static_cast<double>(count);
  ValueId sum = add_preceding(c, "Sum", c.node.inputs);
  c.node.op = "Mul";
  c.node.inputs = {sum, add_constant(c.graph, c.node.name + "/factor", std::move(factor))};
}

// Greater(a, b)  →  Less(b, a)
void canonicalise_greater(Canonicaliser& c) {
  c.node.op = c.node.op == "Greater" ? "Less" : "LessOrEqual";
  std::swap(c.node.inputs[0], c.node.inputs[1]);
}

void canonicalise_bit_shift(Canonicaliser& c) {
  if (!has_attribute(c.node, "direction")) refuse(c.node, "it has no direction");
  const std::string& direction = get_string(c.node, "direction");
  if (direction != "LEFT" && direction != "RIGHT") refuse(c.node, fmt::format("direction '{}' is unknown", direction));
}

// --- infer ---

void require(const Graph& g, const Node& n, bool (*allowed)(DType)) {
  for (size_t i = 0; i < n.inputs.size(); i++)
    if (!allowed(type_of(g, n, i)))
      refuse(n, fmt::format("input '{}' has type {}", g[n.inputs[i]].name, name_of(type_of(g, n, i))));
}

void require_equal_types(const Graph& g, const Node& n) {
  if (type_of(g, n, 0) != type_of(g, n, 1))
    refuse(n, fmt::format("its inputs have types {} and {}", name_of(type_of(g, n, 0)), name_of(type_of(g, n, 1))));
}

bool is_number(DType t) { return is_float(t) || is_integer(t); }
bool is_any(DType t) { return t != DType::kUndefined; }
bool is_bool(DType t) { return t == DType::kBool; }
bool is_unsigned(DType t) {
  return t == DType::kUint8 || t == DType::kUint16 || t == DType::kUint32 || t == DType::kUint64;
}

template <bool (*kAllowed)(DType), bool kToBool = false>
void infer_binary(Graph& g, Node& n) {
  require(g, n, kAllowed);
  require_equal_types(g, n);
  set_output(g, n, 0, kToBool ? DType::kBool : type_of(g, n, 0), broadcast(n, shape_of(g, n, 0), shape_of(g, n, 1)));
}

void infer_mod(Graph& g, Node& n) {
  infer_binary<is_number>(g, n);
  if (is_float(type_of(g, n, 0)) && get_int(n, "fmod") == 0) refuse(n, "floats need fmod = 1");
}

void infer_pow(Graph& g, Node& n) {
  require(g, n, is_number);
  set_output(g, n, 0, type_of(g, n, 0), broadcast(n, shape_of(g, n, 0), shape_of(g, n, 1)));
}

void infer_prelu(Graph& g, Node& n) {
  infer_binary<is_number>(g, n);
  if (g[n.outputs[0]].shape != shape_of(g, n, 0))
    mismatch(n, fmt::format("slope {} does not fit input {}", to_string(shape_of(g, n, 1)), to_string(shape_of(g, n, 0))));
}

// --- eval ---

// Integer results are computed with more bits than T has and then cut to T, floats in double.
using Wide = __int128;

template <class T, class F>
void eval_each(Evaluation& e, F&& f) {
  auto a = e.in[0]->as<T>();
  auto b = e.in[1]->as<T>();
  using R = std::decay_t<decltype(f(a[0], b[0]))>;
  auto out = e.out[0].as<R>();
  size_t next = 0;
  for_each_index(e.out[0].shape, [&](const Shape& index) {
    out[next++] = f(a[static_cast<size_t>(broadcast_offset(index, e.in[0]->shape))],
                    b[static_cast<size_t>(broadcast_offset(index, e.in[1]->shape))]);
  });
}

// Evaluates f(a, b) for each pair, in double or in Wide.
template <class F>
void eval_numbers(Evaluation& e, F&& f) {
  visit_type(e.in[0]->type, [&]<class T>() {
    using Calculation = std::conditional_t<std::is_floating_point_v<T>, double, Wide>;
    eval_each<T>(e, [&](T a, T b) { return static_cast<T>(f(Calculation(a), Calculation(b))); });
  });
}

template <class T>
constexpr bool kIsDouble = std::is_same_v<T, double>;

void eval_add(Evaluation& e) {
  eval_numbers(e, [](auto a, auto b) { return a + b; });
}
void eval_sub(Evaluation& e) {
  eval_numbers(e, [](auto a, auto b) { return a - b; });
}

// Only the low 64 bits count, and those of an unsigned product are right for signed factors too.
template <class T>
T product(T a, T b) {
  if constexpr (kIsDouble<T>) return a * b;
  else return static_cast<T>(static_cast<unsigned __int128>(a) * static_cast<unsigned __int128>(b));
}
void eval_mul(Evaluation& e) {
  eval_numbers(e, [](auto a, auto b) { return product(a, b); });
}

void eval_div(Evaluation& e) {
  eval_numbers(e, []<class T>(T a, T b) -> T {
    if (!kIsDouble<T> && b == 0) return 0;
    return a / b;
  });
}

void eval_mod(Evaluation& e) {
  bool sign_of_a = get_int(e.node, "fmod") != 0;
  eval_numbers(e, [&]<class T>(T a, T b) -> T {
    if constexpr (kIsDouble<T>) return std::fmod(a, b);
    else {
      if (b == 0) return 0;
      T r = a % b;
      return !sign_of_a && r != 0 && (r < 0) != (b < 0) ? r + b : r;
    }
  });
}

template <class T>
Wide integer_power(T base, Wide exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == T(-1) && T(-1) < 0 ? (exponent % 2 ? -1 : 1) : 0;
  Wide result = 1, factor = base;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result = product(result, factor);
    factor = product(factor, factor);
  }
  return result;
}

void eval_pow(Evaluation& e) {
  visit_type(e.in[0]->type, [&]<class A>() {
    visit_type(e.in[1]->type, [&]<class B>() {
      auto out = e.out[0].as<A>();
      size_t next = 0;
      for_each_index(e.out[0].shape, [&](const Shape& index) {
        A a = e.in[0]->as<A>()[static_cast<size_t>(broadcast_offset(index, e.in[0]->shape))];
        B b = e.in[1]->as<B>()[static_cast<size_t>(broadcast_offset(index, e.in[1]->shape))];
        if constexpr (std::is_integral_v<A> && std::is_integral_v<B>)
          out[next++] = static_cast<A>(integer_power(a, b));
        else
          out[next++] = convert_element<A>(std::pow(static_cast<double>(a), static_cast<double>(b)));
      });
    });
  });
}

void eval_min(Evaluation& e) {
  eval_numbers(e, [](auto a, auto b) { return b < a || b != b ? b : a; });
}
void eval_max(Evaluation& e) {
  eval_numbers(e, [](auto a, auto b) { return a < b || b != b ? b : a; });
}
void eval_prelu(Evaluation& e) {
  eval_numbers(e, [](auto a, auto b) { return a < 0 ? product(a, b) : a; });
}

template <class F>
void eval_any(Evaluation& e, F&& f) {
  visit_type(e.in[0]->type, [&]<class T>() { eval_each<T>(e, f); });
}
void eval_equal(Evaluation& e) {
  eval_any(e, [](auto a, auto b) { return a == b; });
}
void eval_less(Evaluation& e) {
  eval_any(e, [](auto a, auto b) { return a < b; });
}
void eval_less_equal(Evaluation& e) {
  eval_any(e, [](auto a, auto b) { return a <= b; });
}
void eval_and(Evaluation& e) {
  eval_each<bool>(e, [](bool a, bool b) { return a && b; });
}
void eval_or(Evaluation& e) {
  eval_each<bool>(e, [](bool a, bool b) { return a || b; });
}
void eval_xor(Evaluation& e) {
  eval_each<bool>(e, [](bool a, bool b) { return a != b; });
}

// Infer lets only integers through to these.
template <class F>
void eval_bits(Evaluation& e, F&& f) {
  visit_type(e.in[0]->type, [&]<class T>() {
    if constexpr (std::is_integral_v<T>) eval_each<T>(e, [&](T a, T b) { return static_cast<T>(f(a, b)); });
  });
}
void eval_bit_and(Evaluation& e) {
  eval_bits(e, [](auto a, auto b) { return a & b; });
}
void eval_bit_or(Evaluation& e) {
  eval_bits(e, [](auto a, auto b) { return a | b; });
}
void eval_bit_xor(Evaluation& e) {
  eval_bits(e, [](auto a, auto b) { return a ^ b; });
}
void eval_bit_shift(Evaluation& e) {
  bool left = get_string(e.node, "direction") == "LEFT";
  eval_bits(e, [&]<class T>(T a, T b) -> uint64_t {
    if (b >= std::numeric_limits<T>::digits) return 0;
    return left ? static_cast<uint64_t>(a) << b : static_cast<uint64_t>(a) >> b;
  });
}

// --- lower ---

// The value of a constant that is the same everywhere.
std::optional<double> uniform(const Graph& g, ValueId v) {
  const Tensor* t = constant_of(g, v);
  if (!t || t->count() == 0) return std::nullopt;
  std::vector<double> values = to_doubles(*t);
  for (double x : values)
    if (x != values[0]) return std::nullopt;
  return values[0];
}

// The body of P::op.
Function pow_function(const Graph& g, const Node& n) {
  DType a = type_of(g, n, 0), b = type_of(g, n, 1);
  std::optional<double> exponent = a == b ? uniform(g, n.inputs[1]) : std::nullopt;
  if (exponent == 2.0) return {"", "", "netsuke::square(a, b)", ""};
  if (exponent == 3.0) return {"", "", "netsuke::cube(a, b)", ""};
  if (a == DType::kFloat32) return {"", "", "netsuke::power(a, static_cast<float>(b))", ""};
  if (is_integer(a) && is_integer(b)) return {"", "", "netsuke::power_int(a, b)", ""};
  std::string power = "netsuke::power_f64(static_cast<double>(a), static_cast<double>(b))";
  if (a == DType::kFloat64) return {"", "", power, ""};
  return {"", "", fmt::format("netsuke::convert<{}>({})", c_type_of(a), power), "convert.hpp"};
}

std::string function_name(const Node& n) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"Add", "add"}, {"Sub", "sub"}, {"Mul", "mul"}, {"Div", "div"}, {"Min", "smaller"}, {"Max", "larger"},
      {"PRelu", "prelu"}, {"Equal", "equal"}, {"Less", "less"}, {"LessOrEqual", "less_equal"},
      {"And", "logical_and"}, {"Or", "logical_or"}, {"Xor", "logical_xor"}, {"BitwiseAnd", "bit_and"},
      {"BitwiseOr", "bit_or"}, {"BitwiseXor", "bit_xor"},
  };
  for (auto [op, name] : kNames)
    if (n.op == op) return std::string(name);
  if (n.op == "Mod") return get_int(n, "fmod") ? "fmod" : "mod";
  return get_string(n, "direction") == "LEFT" ? "shift_left" : "shift_right";
}

Parameter op_parameter(const Graph& g, const Node& n) {
  Function f = n.op == "Pow" ? pow_function(g, n)
                             : Function{"", "", fmt::format("netsuke::{}(a, b)", function_name(n)), ""};
  f.result = c_type_of(g[n.outputs[0]].type);
  f.parameters = fmt::format("{} a, {} b", c_type_of(type_of(g, n, 0)), c_type_of(type_of(g, n, 1)));
  return {"op", std::move(f)};
}

void lower_binary(Lowering& l, const Node& n) {
  const Graph& g = l.graph;
  const Value& out = g[n.outputs[0]];
  Loops loops = collapse(out.shape, {shape_of(g, n, 0), shape_of(g, n, 1)});
  BufferId a = buffer_of(l, n.inputs[0]), b = buffer_of(l, n.inputs[1]);
  Call call = make_call(n, "binary", "binary.hpp");
  call.parameters = {type_parameter("A", type_of(g, n, 0)),
                     type_parameter("B", type_of(g, n, 1)),
                     type_parameter("T", out.type),
                     {"a_rom", l.program[a].place == Place::kConstant},
                     {"b_rom", l.program[b].place == Place::kConstant},
                     {"dims", loops.dims},
                     {"a_strides", loops.strides[0]},
                     {"b_strides", loops.strides[1]},
                     op_parameter(g, n),
                     typed_activation_parameter(n, out.type)};
  call.arguments = {read(a), read(b), write(buffer_of(l, n.outputs[0]))};
  call.in_place = elementwise_in_place(g, n, 2);
  call.rows = elementwise_rows(g, n);
  l.program.calls.push_back(std::move(call));
}

// --- records ---

constexpr std::string_view kNumbers = "Both inputs must have the same number type.";

constexpr Op binary_op(std::string_view name, void (*infer)(Graph&, Node&), void (*eval)(Evaluation&), QuantRule rule,
                       std::string_view limits, IntegerForm integer = IntegerForm::kNone) {
  return {.name = name, .min_inputs = 2, .max_inputs = 2, .infer = infer, .eval = eval,
          .lower = lower_binary, .quantisation = rule, .integer = integer, .limits = limits};
}
constexpr Op number_op(std::string_view name, void (*eval)(Evaluation&), IntegerForm integer) {
  return binary_op(name, infer_binary<is_number>, eval, QuantRule::kMeasured, kNumbers, integer);
}
constexpr Op extreme_op(std::string_view name, void (*eval)(Evaluation&)) {
  return {.name = name, .min_inputs = 1, .max_inputs = kAnyNumber, .canonicalise = canonicalise_extreme,
          .infer = infer_binary<is_number>, .eval = eval, .lower = lower_binary, .quantisation = QuantRule::kMeasured,
          .integer = IntegerForm::kSameGrid, .limits = "All inputs must have the same number type."};
}
constexpr Op logic_op(std::string_view name, void (*eval)(Evaluation&)) {
  return binary_op(name, infer_binary<is_bool>, eval, QuantRule::kNone, "Both inputs must be bool.");
}
constexpr Op bits_op(std::string_view name, void (*eval)(Evaluation&)) {
  return binary_op(name, infer_binary<is_integer>, eval, QuantRule::kNone, "Both inputs must have the same integer type.");
}

constexpr Op kOps[] = {
    number_op("Add", eval_add, IntegerForm::kSum),
    number_op("Sub", eval_sub, IntegerForm::kSum),
    number_op("Mul", eval_mul, IntegerForm::kProduct),
    number_op("Div", eval_div, IntegerForm::kFunction),
    {.name = "Mod", .min_inputs = 2, .max_inputs = 2, .canonicalise = canonicalise_mod, .infer = infer_mod,
     .eval = eval_mod, .lower = lower_binary, .limits = "Both inputs must have the same number type; floats need fmod = 1."},
    binary_op("Pow", infer_pow, eval_pow, QuantRule::kMeasured, "Both inputs must be numbers.",
              IntegerForm::kFunction),
    extreme_op("Max", eval_max),
    extreme_op("Min", eval_min),
    {.name = "Sum", .max_inputs = kAnyNumber, .canonicalise = canonicalise_sum},
    {.name = "Mean", .max_inputs = kAnyNumber, .canonicalise = canonicalise_mean,
     .limits = "Float32 and float64 only."},
    binary_op("PRelu", infer_prelu, eval_prelu, QuantRule::kMeasured,
              "Input and slope must have the same number type, and the slope must broadcast to the input's shape.",
              IntegerForm::kFunction),
    binary_op("Equal", infer_binary<is_any, true>, eval_equal, QuantRule::kNone, "Both inputs must have the same type."),
    binary_op("Less", infer_binary<is_number, true>, eval_less, QuantRule::kNone, kNumbers),
    binary_op("LessOrEqual", infer_binary<is_number, true>, eval_less_equal, QuantRule::kNone, kNumbers),
    {.name = "Greater", .min_inputs = 2, .max_inputs = 2, .canonicalise = canonicalise_greater,
     .limits = kNumbers},
    {.name = "GreaterOrEqual", .min_inputs = 2, .max_inputs = 2, .canonicalise = canonicalise_greater,
     .limits = kNumbers},
    logic_op("And", eval_and),
    logic_op("Or", eval_or),
    logic_op("Xor", eval_xor),
    bits_op("BitwiseAnd", eval_bit_and),
    bits_op("BitwiseOr", eval_bit_or),
    bits_op("BitwiseXor", eval_bit_xor),
    {.name = "BitShift", .min_inputs = 2, .max_inputs = 2, .canonicalise = canonicalise_bit_shift,
     .infer = infer_binary<is_unsigned>, .eval = eval_bit_shift, .lower = lower_binary,
     .limits = "Both inputs must have the same unsigned type."},
};

}  // namespace

std::span<const Op> binary_ops() { return kOps; }

}  // namespace netsuke
