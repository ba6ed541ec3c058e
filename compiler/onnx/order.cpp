// Execution order of the nodes of one graph or function.
#include <set>
#include <unordered_map>

#include "onnx/proto.hpp"

namespace netsuke {
namespace {

void add_captures(const onnx::GraphProto& g, std::set<std::string>& captures);

// Everything that a node reads, what its subgraphs take from outside included.
std::set<std::string> names_read(const onnx::NodeProto& n) {
  std::set<std::string> names(n.input().begin(), n.input().end());
  for (const auto& a : n.attribute())
    if (a.has_g()) add_captures(a.g(), names);
  names.erase("");
  return names;
}

void add_captures(const onnx::GraphProto& g, std::set<std::string>& captures) {
  std::set<std::string> own, read;
  for (const auto& t : g.initializer()) own.insert(t.name());
  for (const auto& info : g.input()) own.insert(info.name());
  for (const auto& n : g.node()) {
    own.insert(n.output().begin(), n.output().end());
    read.merge(names_read(n));
  }
  for (const auto& info : g.output()) read.insert(info.name());
  for (const std::string& name : read)
    if (!own.contains(name)) captures.insert(name);
}

// For each node, the nodes it must come after.
std::vector<std::vector<int>> dependencies(const Nodes& nodes, const std::function<bool(const std::string&)>& is_known) {
  std::unordered_map<std::string, int> producer;
  for (int i = 0; i < nodes.size(); i++)
    for (const std::string& output : nodes[i].output()) {
      if (output.empty()) continue;
      if (!producer.emplace(output, i).second || is_known(output))
        fail("duplicate-name", node_name(nodes[i]), fmt::format("it makes '{}', which exists already", output),
             "export the model again with unique names");
    }
  std::vector<std::vector<int>> before(static_cast<size_t>(nodes.size()));
  for (int i = 0; i < nodes.size(); i++)
    for (const std::string& name : names_read(nodes[i]))
      if (auto it = producer.find(name); it != producer.end()) before[static_cast<size_t>(i)].push_back(it->second);
  return before;
}

struct Visit {
  int node;
  size_t next;  // dependency to look at
};

[[noreturn]] void fail_cycle(const Nodes& nodes, const std::vector<Visit>& stack, int again) {
  constexpr size_t kMostNamed = 10;
  std::vector<int> cycle;
  for (size_t i = stack.size(); i-- > 0;) {
    cycle.push_back(stack[i].node);
    if (stack[i].node == again) break;
  }
  std::string text;
  for (size_t i = 0; i < std::min(cycle.size(), kMostNamed); i++)
    text += fmt::format("{}'{}'", i ? ", " : "", node_name(nodes[cycle[i]]));
  if (cycle.size() > kMostNamed) text += fmt::format(" and {} more", cycle.size() - kMostNamed);
  fail("graph-cycle", node_name(nodes[again]), fmt::format("its output depends on itself, through {}", text),
       "the graph of an ONNX model must not have cycles; export it again");
}

}  // namespace

std::vector<int> execution_order(const Nodes& nodes, const std::function<bool(const std::string&)>& is_known) {
  const std::vector<std::vector<int>> before = dependencies(nodes, is_known);
  enum State : char { kNew, kOpen, kDone };
  std::vector<State> state(before.size(), kNew);
  std::vector<int> order;
  // Depth first with an explicit stack: models may be a hundred thousand nodes deep.
  for (int root = 0; root < nodes.size(); root++) {
    if (state[static_cast<size_t>(root)] != kNew) continue;
    std::vector<Visit> stack{{root, 0}};
    state[static_cast<size_t>(root)] = kOpen;
    while (!stack.empty()) {
      auto [node, next] = stack.back();
      const std::vector<int>& needed = before[static_cast<size_t>(node)];
      if (next == needed.size()) {
        state[static_cast<size_t>(node)] = kDone;
        order.push_back(node);
        stack.pop_back();
        continue;
      }
      stack.back().next++;
      State& s = state[static_cast<size_t>(needed[next])];
      if (s == kOpen) fail_cycle(nodes, stack, needed[next]);
      if (s == kDone) continue;
      s = kOpen;
      stack.push_back({needed[next], 0});
    }
  }
  return order;
}

}  // namespace netsuke
