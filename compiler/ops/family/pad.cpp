// Pad: constant, reflect, edge and wrap; pads may be negative (they crop). Canonical form: attributes mode,
// pads (begins of all dimensions, then ends) and, for constants, value.
#include <cmath>

#include "graph/quantization.hpp"
#include "lower/lowering.hpp"
#include "ops/helpers.hpp"
#include "ops/integer.hpp"
#include "ops/movement.hpp"

namespace netsuke {
namespace {

// Opset 2: attributes. 11: inputs pads, value. 18: input axes, too.
void take_pads(Canonicaliser& c) {
  Node& n = c.node;
  size_t rank = shape_of(c.graph, n, 0).size();
  input_to_ints(c, 3, "axes");
  input_to_float(c, 2, "value");
  input_to_ints(c, 1, "pads");
  if (!has_attribute(n, "pads")) mismatch(n, "it has no pads");
  if (has_attribute(n, "axes")) {
    normalise_axes(c, "axes", static_cast<int64_t>(rank));
    std::vector<int64_t> some = get_ints(n, "pads"), axes = get_ints(n, "axes"), all(2 * rank, 0);
    if (some.size() != 2 * axes.size()) mismatch(n, fmt::format("{} pads for {} axes", some.size(), axes.size()));
    for (size_t i = 0; i < axes.size(); i++) {
      all[static_cast<size_t>(axes[i])] = some[i];
      all[rank + static_cast<size_t>(axes[i])] = some[axes.size() + i];
    }
    n.attributes["pads"] = std::move(all);
    n.attributes.erase("axes");
  }
  if (get_ints(n, "pads").size() != 2 * rank)
    mismatch(n, fmt::format("{} pads for {} dimensions", get_ints(n, "pads").size(), rank));
}

void canonicalise_pad(Canonicaliser& c) {
  take_pads(c);
  set_default(c.node, "mode", std::string("constant"));
  set_default(c.node, "value", 0.0f);
  const std::string& mode = get_string(c.node, "mode");
  if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap")
    refuse(c.node, fmt::format("mode is '{}'", mode));
}

void infer_pad(Graph& g, Node& n) {
  Shape out = shape_of(g, n, 0);
  const std::vector<int64_t>& pads = get_ints(n, "pads");
  const std::string& mode = get_string(n, "mode");
  for (size_t d = 0; d < out.size(); d++) {
    int64_t in = out[d], begin = pads[d], end = pads[out.size() + d];
    if (std::abs(begin) > kMaxElements || std::abs(end) > kMaxElements || in + begin + end < 0)
      mismatch(n, fmt::format("pads {} and {} for a dimension of {}", begin, end, in));
    if (in == 0 && mode != "constant") mismatch(n, "an empty dimension has nothing to repeat");
    if (mode == "reflect" && (begin >= in || end >= in) && (begin > 0 || end > 0))
      mismatch(n, fmt::format("a dimension of {} reflected into pads of {} and {}", in, begin, end));
    out[d] = in + begin + end;
  }
  set_output(g, n, 0, type_of(g, n, 0), std::move(out));
}

// The input index behind position i (from -begin on) of a dimension of `size`; -1 is the constant.
int64_t source_index(const std::string& mode, int64_t i, int64_t size) {
  if (i >= 0 && i < size) return i;
  if (mode == "constant") return -1;
  if (mode == "edge") return std::clamp<int64_t>(i, 0, size - 1);
  if (mode == "wrap") return ((i % size) + size) % size;
  return i < 0 ? -i : 2 * (size - 1) - i;
}

void eval_pad(Evaluation& e) {
  const Tensor& in = *e.in[0];
  const std::vector<int64_t>& pads = get_ints(e.node, "pads");
  Shape strides = strides_of(in.shape);
  visit_type(in.type, [&]<class T>() {
    T value = static_cast<T>(get_float(e.node, "value"));
    for (T& x : e.out[0].as<T>()) x = value;
  });
  move_elements(in, e.out[0], [&](const Shape& index) {
    int64_t offset = 0;
    for (size_t d = 0; d < index.size(); d++) {
      int64_t i = source_index(get_string(e.node, "mode"), index[d] - pads[d], in.shape[d]);
      if (i < 0) return int64_t{-1};
      offset += i * strides[d];
    }
    return offset;
  });
}

struct PadLoops {
  std::vector<int64_t> in, out, begin;
};

// Neighbouring dimensions without pads are one.
PadLoops loops_of(const Shape& in, const Shape& out, const std::vector<int64_t>& pads) {
  PadLoops loops;
  bool joinable = false;
  for (size_t d = 0; d < in.size(); d++) {
    bool plain = pads[d] == 0 && in[d] == out[d];
    if (plain && joinable) {
      loops.in.back() *= in[d];
      loops.out.back() *= in[d];
      continue;
    }
    loops.in.push_back(in[d]);
    loops.out.push_back(out[d]);
    loops.begin.push_back(pads[d]);
    joinable = plain;
  }
  if (loops.in.empty()) return {{1}, {1}, {0}};
  return loops;
}

// The integer for the real value, where integers on a grid are padded.
Parameter pad_value(const Graph& g, const Node& n) {
  const Value& in = g[n.inputs[0]];
  DType type = in.type;
  if (is_integer_node(g, n)) return {"value", to_stored(double(get_float(n, "value")), *in.quantization)};
  if (type == DType::kFloat32) return {"value", get_float(n, "value")};
  if (type == DType::kBool) return {"value", get_float(n, "value") != 0};
  return {"value", static_cast<int64_t>(get_float(n, "value"))};
}

std::vector<Parameter> pad_parameters(const Graph& g, const Node& n, const PadLoops& loops) {
  const std::string& mode = get_string(n, "mode");
  return {{"T", TypeName{std::string(c_type_of(type_of(g, n, 0)))}},
          {"in_dims", loops.in},
          {"out_dims", loops.out},
          {"begins", loops.begin},
          {"Mode", TypeName{fmt::format("netsuke::Pad{}{}", static_cast<char>(std::toupper(mode[0])), mode.substr(1))}},
          pad_value(g, n)};
}

// Constant pads: a row is a row of the input, padded, or nothing but padding.
std::optional<RowRule> pad_rows(const Graph& g, const Node& n) {
  const Value &in = g[n.inputs[0]], &out = g[n.outputs[0]];
  const std::vector<int64_t>& pads = get_ints(n, "pads");
  size_t rank = in.shape.size();
  if (rank < 3 || out.shape[0] != 1 || in.shape[0] != 1 || get_string(n, "mode") != "constant") return {};
  std::vector<int64_t> inner(pads.begin() + 2, pads.begin() + static_cast<std::ptrdiff_t>(rank));
  PadLoops loops = loops_of({in.shape.begin() + 2, in.shape.end()}, {out.shape.begin() + 2, out.shape.end()}, inner);
  RowRule rule{.in_rows = in.shape[1], .out_rows = out.shape[1], .pad = pads[1], .kind = RowKind::kCopy, .copy = pad_parameters(g, n, loops)};
  rule.kernel_name = "pad_row";
  rule.pointers = true;
  return rule;
}

void lower_pad(Lowering& l, const Node& n) {
  const Value &in = l.graph[n.inputs[0]], &out = l.graph[n.outputs[0]];
  PadLoops loops = loops_of(in.shape, out.shape, get_ints(n, "pads"));
  Call call = make_call(n, "pad", "pad.hpp");
  call.parameters = pad_parameters(l.graph, n, loops);
  call.arguments = {read(buffer_of(l, n.inputs[0])), write(buffer_of(l, n.outputs[0]))};
  call.rows = pad_rows(l.graph, n);
  l.program.calls.push_back(std::move(call));
}

constexpr Op kOps[] = {
    {.name = "Pad", .max_inputs = 4, .canonicalise = canonicalise_pad, .infer = infer_pad, .eval = eval_pad,
     .lower = lower_pad, .quantisation = QuantRule::kSameScale, .integer = IntegerForm::kMove,
     .limits = "Pads, value and axes must be known at compile time; reflections no wider than the input."},
};

}  // namespace

std::span<const Op> pad_ops() { return kOps; }

}  // namespace netsuke
