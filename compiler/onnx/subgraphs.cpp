// Subgraphs and functions become part of the graph.
#include <algorithm>

#include "onnx/loader.hpp"

namespace netsuke {
namespace {

constexpr int kDeepest = 64;

void check_depth(const Loader& l, const onnx::NodeProto& n) {
  if (l.depth >= kDeepest)
    fail("nesting-too-deep", node_name(n), fmt::format("functions and branches are nested deeper than {}", kDeepest),
         "simplify the model before exporting");
}

// While it lives the loader is in a branch; the names made there are taken back at its end, even by an error,
// since inspect goes on after one.
struct BranchGuard {
  Loader& l;
  size_t known;

  explicit BranchGuard(Loader& loader) : l(loader), known(loader.scope.order.size()) { l.depth++; }
  BranchGuard(const BranchGuard&) = delete;
  ~BranchGuard() {
    for (; l.scope.order.size() > known; l.scope.order.pop_back()) l.scope.names.erase(l.scope.order.back());
    l.depth--;
  }
};

// The same for the body of a function, which has a scope of its own.
struct FunctionGuard {
  Loader& l;
  Scope caller;

  FunctionGuard(Loader& loader, Scope scope, FunctionKey key)
      : l(loader), caller(std::exchange(loader.scope, std::move(scope))) {
    l.calls.push_back(std::move(key));
    l.depth++;
  }
  FunctionGuard(const FunctionGuard&) = delete;
  ~FunctionGuard() {
    l.scope = std::move(caller);
    l.calls.pop_back();
    l.depth--;
  }
};

std::vector<ValueId> load_branch(Loader& l, const onnx::NodeProto& n, const onnx::GraphProto& branch) {
  add_declared(l, branch);
  load_initialisers(l, branch);
  if (!l.problems) check_operators(l, branch.node());
  load_nodes(l, branch.node());
  std::vector<ValueId> outputs;
  for (const auto& info : branch.output()) {
    auto it = l.scope.names.find(info.name());
    if (it == l.scope.names.end())
      fail("missing-value", node_name(n), fmt::format("output '{}' of its branch is never made", info.name()), "export the model again");
    check_declared(l, info.name(), it->second);
    outputs.push_back(it->second);
  }
  return outputs;
}

void bind_outputs(Loader& l, const onnx::NodeProto& n, const std::vector<ValueId>& outputs) {
  for (int i = 0; i < n.output_size(); i++)
    if (!n.output(i).empty()) bind(l, n.output(i), outputs[static_cast<size_t>(i)]);
}

bool condition_of(const Loader& l, const onnx::NodeProto& n) {
  std::vector<ValueId> inputs = node_inputs(l, n);
  const Tensor* condition = inputs.empty() ? nullptr : constant_of(l.graph, inputs[0]);
  if (!condition)
    fail("op-unsupported", node_name(n), "If: its condition is computed at run time",
         "only an If whose condition can be computed at compile time is supported");
  if (condition->type != DType::kBool || condition->count() != 1)
    fail("op-unsupported", node_name(n), fmt::format("If: its condition is {}{}, not one bool", name_of(condition->type), to_string(condition->shape)),
         "export the model again");
  return condition->bytes[0] != 0;
}

// --- functions ---

void bind_function_inputs(Scope& scope, const onnx::NodeProto& n, const onnx::FunctionProto& f, const std::vector<ValueId>& actual) {
  if (static_cast<int>(actual.size()) > f.input_size())
    fail("bad-arity", node_name(n), fmt::format("function {} has {} inputs, it is called with {}", f.name(), f.input_size(), actual.size()),
         "export the model again");
  for (int i = 0; i < f.input_size(); i++) {
    ValueId id = static_cast<size_t>(i) < actual.size() ? actual[static_cast<size_t>(i)] : kNoValue;
    if (!scope.names.emplace(f.input(i), id).second)
      fail("duplicate-name", f.input(i), fmt::format("two inputs of function {} have this name", f.name()), "export the model again");
  }
}

void bind_function_attributes(const Loader& l, Scope& scope, const onnx::NodeProto& n, const onnx::FunctionProto& f) {
  for (const auto& a : default_attributes(f)) scope.attributes[a.name()] = a;
  for (const auto& a : n.attribute())
    if (const onnx::AttributeProto* actual = resolve(l, a)) scope.attributes[a.name()] = *actual;
  for (const std::string& name : f.attribute())
    if (!scope.attributes.contains(name))
      fail("bad-attribute", node_name(n), fmt::format("function {} needs attribute '{}'", f.name(), name), "export the model again");
}

Scope function_scope(const Loader& l, const onnx::NodeProto& n, const onnx::FunctionProto& f) {
  Scope scope;
  scope.opsets = function_opsets(l, f);
  scope.prefix = l.scope.prefix + node_name(n) + "/";
  bind_function_inputs(scope, n, f, node_inputs(l, n));
  bind_function_attributes(l, scope, n, f);
  return scope;
}

std::vector<ValueId> function_outputs(const Loader& l, const onnx::FunctionProto& f) {
  std::vector<ValueId> outputs;
  for (const std::string& name : f.output()) {
    auto it = l.scope.names.find(name);
    if (it == l.scope.names.end() || it->second == kNoValue)
      fail("missing-value", f.name(), fmt::format("output '{}' of this function is never made", name), "export the model again");
    outputs.push_back(it->second);
  }
  return outputs;
}

void check_recursion(const Loader& l, const onnx::NodeProto& n, const FunctionKey& key) {
  if (std::find(l.calls.begin(), l.calls.end(), key) != l.calls.end())
    fail("function-recursion", node_name(n), fmt::format("function {} calls itself", std::get<1>(key)),
         "functions of an ONNX model must not be recursive; export it again");
}

}  // namespace

void inline_if(Loader& l, const onnx::NodeProto& n) {
  const auto& branch = find_attribute(n, condition_of(l, n) ? "then_branch" : "else_branch")->g();
  if (branch.output_size() != n.output_size())
    fail("bad-arity", node_name(n), fmt::format("If has {} outputs, its branch {}", n.output_size(), branch.output_size()), "export the model again");
  check_depth(l, n);
  std::vector<ValueId> outputs;
  {
    BranchGuard inside(l);
    outputs = load_branch(l, n, branch);
  }
  bind_outputs(l, n, outputs);
}

void inline_function(Loader& l, const onnx::NodeProto& n, const onnx::FunctionProto& f) {
  if (n.output_size() > f.output_size())
    fail("bad-arity", node_name(n), fmt::format("function {} has {} outputs, the call {}", f.name(), f.output_size(), n.output_size()),
         "export the model again");
  FunctionKey key{normal_domain(f.domain()), f.name(), overload_of(f)};
  check_recursion(l, n, key);
  check_depth(l, n);
  std::vector<ValueId> outputs;
  {
    FunctionGuard inside(l, function_scope(l, n, f), std::move(key));
    load_nodes(l, f.node());
    outputs = function_outputs(l, f);
  }
  bind_outputs(l, n, outputs);
}

}  // namespace netsuke
