// Nodes: canonical form, inference, folding.
#include "onnx/loader.hpp"
#include "ops/helpers.hpp"

namespace netsuke {
namespace {

// Far beyond any model for a microcontroller; stops functions that call functions from multiplying for ever.
constexpr int64_t kMostNodes = 200000;
// Of all constants computed while loading.
constexpr int64_t kMostFoldedBytes = int64_t{512} << 20;

void check_arity(const Op& op, const Node& n) {
  auto check = [&](const char* what, size_t count, int min, int max) {
    if (static_cast<int>(count) < min || (max != kAnyNumber && static_cast<int>(count) > max))
      fail("bad-arity", n.name, fmt::format("{} has {} {}, expected {}{}", n.op, count, what, min,
                                            max == kAnyNumber ? " or more" : max > min ? fmt::format(" to {}", max) : ""),
           "export the model again");
  };
  check("inputs", n.inputs.size(), op.min_inputs, op.max_inputs);
  check("outputs", n.outputs.size(), op.min_outputs, op.max_outputs);
  for (int i = 0; i < op.min_inputs; i++)
    if (!has_input(n, static_cast<size_t>(i)))
      fail("bad-arity", n.name, fmt::format("{} needs input {}", n.op, i), "export the model again");
}

void canonicalise(Loader& l, Node& n, int opset) {
  check_arity(op_of(n), n);
  for (std::string before; before != n.op;) {
    before = n.op;
    std::vector<Node> preceding;
    Canonicaliser c{l.graph, n, opset, preceding};
    if (auto f = op_of(n).canonicalise) f(c);
    for (Node& p : preceding) finish_node(l, std::move(p), opset);
  }
}

bool is_empty(const Loader& l, const Node& n) {
  for (ValueId v : n.outputs)
    if (v != kNoValue && count_of(l.graph[v].shape) > 0) return false;
  return true;
}

// A value without elements is a constant whatever it is computed from.
void make_empty_constants(Loader& l, const Node& n) {
  for (ValueId v : n.outputs)
    if (v != kNoValue) l.graph[v].constant = std::make_shared<const Tensor>(l.graph[v].type, l.graph[v].shape);
}

void count_folded(Loader& l, const Node& n) {
  for (ValueId v : n.outputs)
    if (v != kNoValue) l.folded_bytes += static_cast<int64_t>(l.graph[v].constant->bytes.size());
  if (l.folded_bytes > kMostFoldedBytes)
    fail("model-too-large", n.name, fmt::format("the constants that it and nodes before it compute have more than {} bytes", kMostFoldedBytes),
         "check the sizes given in the model and with --shape");
}

void load_plain_node(Loader& l, const onnx::NodeProto& proto) {
  Node n{proto.op_type(), l.scope.prefix + node_name(proto), node_inputs(l, proto), {}, node_attributes(l, proto), {}};
  for (const std::string& name : proto.output())
    n.outputs.push_back(name.empty() ? kNoValue : define(l, name, Value{}));
  while (!n.outputs.empty() && n.outputs.back() == kNoValue) n.outputs.pop_back();
  finish_node(l, std::move(n), opset_of(l, ""));
}

void load_node(Loader& l, const onnx::NodeProto& n) {
  if (++l.node_count > kMostNodes)
    fail("model-too-large", node_name(n), fmt::format("the model has more than {} nodes, those of functions counted for each call", kMostNodes),
         "split the model, or simplify it before exporting");
  const onnx::FunctionProto* f = find_function(l, n);
  if (!f) check_form(l, n);
  if (f) inline_function(l, n, *f);
  else if (n.op_type() == "If") inline_if(l, n);
  else load_plain_node(l, n);
  for (const std::string& name : n.output())
    if (!name.empty()) check_declared(l, name, l.scope.names.at(name));
}

bool reads_poison(const Loader& l, const onnx::NodeProto& n) {
  for (const std::string& name : n.input())
    if (auto it = l.scope.names.find(name); it != l.scope.names.end() && it->second == kPoisoned) return true;
  return false;
}

void poison(Loader& l, const std::string& name) {
  if (l.scope.names.insert_or_assign(name, kPoisoned).second) l.scope.order.push_back(name);
}

// inspect goes on past an error: the node's outputs are poisoned, and whoever reads them is passed over.
void try_node(Loader& l, const onnx::NodeProto& n) {
  std::string reason = unsupported_reason(l, n);
  if (reason.empty() && !reads_poison(l, n)) {
    try {
      return load_node(l, n);
    } catch (const Error& e) {
      if (e.kind == ErrorKind::kBug) throw;
      reason = e.message;
    }
  }
  if (!reason.empty()) l.problems->push_back({l.scope.prefix + node_name(n), qualified(n), reason});
  for (const std::string& name : n.output())
    if (!name.empty()) poison(l, name);
}

}  // namespace

std::vector<ValueId> node_inputs(const Loader& l, const onnx::NodeProto& n) {
  std::vector<ValueId> inputs;
  for (const std::string& name : n.input()) {
    auto it = l.scope.names.find(name);
    if (!name.empty() && it == l.scope.names.end())
      fail("missing-value", node_name(n), fmt::format("it reads '{}', which nothing defines", name),
           "an initialiser or a node is missing from the model; export it again");
    inputs.push_back(name.empty() ? kNoValue : it->second);
  }
  while (!inputs.empty() && inputs.back() == kNoValue) inputs.pop_back();
  return inputs;
}

void finish_node(Loader& l, Node n, int opset) {
  try {
    canonicalise(l, n, opset);
    bool folded = infer_and_fold(l.graph, n);
    if (!folded && is_empty(l, n)) {
      make_empty_constants(l, n);
      folded = true;
    }
    if (folded) count_folded(l, n);
    else l.graph.nodes.push_back(std::move(n));
  } catch (Error& e) {
    if (e.node.empty()) e.node = n.name;
    throw;
  }
}

void load_nodes(Loader& l, const Nodes& nodes) {
  for (int i : execution_order(nodes, [&](const std::string& name) { return l.scope.names.contains(name); }))
    if (l.problems) try_node(l, nodes[i]);
    else load_node(l, nodes[i]);
}

}  // namespace netsuke
