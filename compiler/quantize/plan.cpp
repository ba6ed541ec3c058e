#include "quantize/plan.hpp"

#include <algorithm>

#include "ops/activation.hpp"
#include "ops/op.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

bool is_limit(const Activation& a) { return a.function == "relu" || a.function == "clip"; }

// --- prepare ---

// y = Conv(x) |> relu |> hard_swish   ->   z = Conv(x) |> relu; y = HardSwish(z)
void split_activations(Graph& g, const Node& n, std::vector<Node>& nodes) {
  Node first = n;
  auto split = std::find_if_not(n.activations.begin(), n.activations.end(), is_limit);
  first.activations.assign(n.activations.begin(), split);
  if (split == n.activations.end()) return nodes.push_back(std::move(first));
  Node rest = node_of(*split);
  rest.name = fmt::format("{}/{}", n.name, rest.op);
  rest.outputs = n.outputs;
  rest.activations.assign(split + 1, n.activations.end());
  const Value& out = g[n.outputs[0]];
  first.outputs[0] = add_value(g, Value{n.name + "/linear", out.type, out.shape, nullptr, std::nullopt});
  rest.inputs = {first.outputs[0]};
  nodes.push_back(std::move(first));
  split_activations(g, rest, nodes);
}

// Readers of the input read a copy.
Node round_input(Graph& g, ValueId v) {
  ValueId copy = add_value(g, Value{g[v].name + "_rounded", g[v].type, g[v].shape, nullptr, std::nullopt});
  replace_uses(g, v, copy);
  return Node{"Reshape", g[v].name, {v}, {copy}, {{"shape", g[v].shape}, {"allowzero", int64_t{1}}}, {}};
}

// --- which values, and which share a grid ---

// Operators whose output is made of their first input's numbers, unchanged. Averages are not among them: their range
// is narrower, and the integer kernels scale as they divide.
bool moves_numbers(const Node& n) {
  static const std::set<std::string_view> kAverages = {"AveragePool", "GlobalAveragePool"};
  return op_of(n).quantisation == QuantRule::kSameScale && !kAverages.contains(n.op) && !is_limit(activation_of(n)) &&
         n.activations.empty();
}

struct Groups {
  std::vector<ValueId> parent;
  ValueId root(ValueId v) {
    while (parent[static_cast<size_t>(v)] != v) v = parent[static_cast<size_t>(v)] = parent[static_cast<size_t>(parent[static_cast<size_t>(v)])];
    return v;
  }
  void join(ValueId a, ValueId b) { parent[static_cast<size_t>(root(b))] = root(a); }
};

// A Relu or Clip that alone reads what it limits: in front of it only what it lets through has to be representable.
bool limits_alone(const Links& links, const Node& n) {
  return is_limit(activation_of(n)) && n.activations.empty() && has_one_reader(links, n.inputs[0]);
}

bool is_kept(const Precision& p, const Node& n) { return p.keep_float.contains(n.name); }

bool makes_reals(const Graph& g, const Node& n, ValueId v) {
  return v != kNoValue && g[v].type == DType::kFloat32 && op_of(n).quantisation != QuantRule::kNone;
}

// What a kept node makes needs no grid unless a node that computes in integers reads it.
bool all_readers_kept(const Graph& g, const Links& links, const Precision& p, ValueId v) {
  for (int c : links.consumers[static_cast<size_t>(v)])
    if (!is_kept(p, g.nodes[static_cast<size_t>(c)])) return false;
  return true;
}

// --- names ---

size_t distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); j++) row[j] = j;
  for (size_t i = 1; i <= a.size(); i++) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); j++) {
      size_t change = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = std::exchange(row[j], std::min({change, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

}  // namespace

void prepare(Graph& g) {
  std::vector<Node> nodes;
  for (ValueId v : g.inputs)
    if (g[v].type == DType::kFloat32) nodes.push_back(round_input(g, v));
  std::vector<Node> old = std::move(g.nodes);
  for (const Node& n : old) split_activations(g, n, nodes);
  g.nodes = std::move(nodes);
}

void check_names(const Graph& g, const Precision& p) {
  std::set<std::string> wanted = p.keep_float;
  wanted.insert(p.int16.begin(), p.int16.end());
  for (const std::string& name : wanted) {
    auto better = [&](const Node& a, const Node& b) { return distance(a.name, name) < distance(b.name, name); };
    auto nearest = std::min_element(g.nodes.begin(), g.nodes.end(), better);
    if (nearest == g.nodes.end() || nearest->name == name) continue;
    fail_data("unknown-node", name, "no node has this name once the model is optimised",
              fmt::format("did you mean '{}'? The report lists all nodes", nearest->name));
  }
}

bool Plan::is_weighted(const Graph& g, const Node& n) const {
  bool has_weights = n.op == "Conv" || n.op == "ConvTranspose" || n.op == "Dense";
  return has_weights && !precision.keep_float.contains(n.name) && quantised[static_cast<size_t>(n.inputs[0])] &&
         g[n.inputs[1]].constant != nullptr;
}

Plan make_plan(const Graph& g, const Precision& p) {
  size_t count = g.values.size();
  Plan plan{std::vector<bool>(count, false), std::vector<DType>(count, DType::kInt8), {}, std::vector<bool>(count, false), p};
  Links links = link(g);
  Groups groups;
  for (size_t i = 0; i < count; i++) groups.parent.push_back(static_cast<ValueId>(i));
  for (const Node& n : g.nodes)
    for (ValueId v : n.outputs) {
      if (!makes_reals(g, n, v)) continue;
      auto at = static_cast<size_t>(v);
      plan.quantised[at] = !(is_kept(p, n) && all_readers_kept(g, links, p, v));
      plan.observed[at] = plan.quantised[at];
      if (p.int16.contains(n.name)) plan.storage[at] = DType::kInt16;
    }
  for (const Node& n : g.nodes) {
    if (n.inputs.empty() || n.inputs[0] == kNoValue) continue;
    ValueId x = n.inputs[0];
    bool same = moves_numbers(n), limits = limits_alone(links, n);
    if ((!same && !limits) || !plan.quantised[static_cast<size_t>(x)]) continue;
    for (ValueId y : n.outputs) {
      if (y == kNoValue || !plan.quantised[static_cast<size_t>(y)]) continue;
      if (plan.storage[static_cast<size_t>(x)] != plan.storage[static_cast<size_t>(y)]) continue;
      groups.join(x, y);
      plan.observed[static_cast<size_t>(limits ? x : y)] = false;
    }
  }
  for (size_t i = 0; i < count; i++) plan.group.push_back(groups.root(static_cast<ValueId>(i)));
  return plan;
}

}  // namespace netsuke
