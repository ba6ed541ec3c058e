// Which operators, opsets and functions the model uses.
#include <algorithm>
#include <limits>
#include <set>

#include "onnx/loader.hpp"
#include "onnx/schemas.hpp"

namespace netsuke {
namespace {

constexpr const char* kExport = "export the model again";
constexpr std::string_view kContributed = "com.microsoft";  // the domain of onnxruntime's own operators

void add_opset(std::map<std::string, int>& opsets, const onnx::OperatorSetIdProto& o, const std::string& where) {
  std::string domain = normal_domain(o.domain());
  if (o.version() < 1 || o.version() > std::numeric_limits<int>::max())
    fail("bad-opset", where, fmt::format("{} is not a version of operator set '{}'", o.version(), domain.empty() ? "ai.onnx" : domain), kExport);
  int version = static_cast<int>(o.version());
  auto [it, added] = opsets.emplace(domain, version);
  if (!added && it->second != version)
    fail("bad-opset", where,
         fmt::format("it imports versions {} and {} of operator set '{}'", it->second, version,
                     domain.empty() ? "ai.onnx" : domain),
         kExport);
}

std::string unsupported_form(const onnx::NodeProto& n, int opset) {
  const std::string& op = n.op_type();
  if (op == "Loop" || op == "Scan") return fmt::format("{}: loops are not supported", op);
  const Schema* newest = find_schema(op, std::numeric_limits<int>::max());
  if (!newest) return fmt::format("there is no ONNX operator {}", op);
  if (!find_op(op)) return fmt::format("operator {} is not supported", op);
  if (!find_schema(op, opset)) return fmt::format("operator {} does not exist in opset {}, which the model uses", op, opset);
  return "";
}

std::string reason_for(const Loader& l, const onnx::NodeProto& n, int opset) {
  if (find_function(l, n)) return "";
  std::string domain = normal_domain(n.domain());
  if (domain == kContributed && find_op(n.op_type(), domain)) return "";
  if (domain == kContributed) return fmt::format("operator {} is not supported", qualified(n));
  if (!domain.empty()) return fmt::format("operator {}: there is no support for domain '{}'", qualified(n), domain);
  return n.op_type() == "If" ? "" : unsupported_form(n, opset);
}

void collect(const Loader& l, const Nodes& nodes, int opset, std::vector<UnsupportedNode>& found) {
  for (const auto& n : nodes) {
    if (std::string reason = reason_for(l, n, opset); !reason.empty())
      found.push_back({node_name(n), qualified(n), reason});
    for (const auto& a : n.attribute())
      if (a.has_g()) collect(l, a.g().node(), opset, found);
  }
}

struct Body {
  const Nodes* nodes;
  int opset;
};

// `nodes` and the bodies of the functions they call, directly or not. Subgraphs are left out: which branch of an
// If counts is not known yet.
std::vector<Body> reachable_bodies(const Loader& l, const Nodes& nodes) {
  std::vector<Body> bodies{{&nodes, opset_of(l, "")}};
  std::set<const onnx::FunctionProto*> seen;
  for (size_t i = 0; i < bodies.size(); i++)
    for (const auto& n : *bodies[i].nodes)
      if (const auto* f = find_function(l, n); f && seen.insert(f).second)
        bodies.push_back({&f->node(), function_opsets(l, *f).at("")});
  return bodies;
}

std::string list_of(const std::vector<UnsupportedNode>& found) {
  std::map<std::string, std::vector<std::string>> by_op;
  for (const UnsupportedNode& u : found) by_op[u.op].push_back(u.node);
  std::string list;
  for (const auto& [op, nodes] : by_op)
    list += fmt::format("{}{} ({}{})", list.empty() ? "" : ", ", op, nodes[0],
                        nodes.size() > 1 ? fmt::format(" and {} more", nodes.size() - 1) : "");
  return list;
}

}  // namespace

void read_opsets(Loader& l) {
  const std::string& name = l.model.graph().name();
  for (const auto& o : l.model.opset_import()) add_opset(l.scope.opsets, o, name);
  if (!l.scope.opsets.contains(""))
    fail("bad-opset", name, "the model does not say which opset it uses", kExport);
  int opset = l.scope.opsets[""];
  if (opset < kOldestOpset)
    fail("opset-too-old", name, fmt::format("opset {} is older than {}", opset, kOldestOpset),
         "convert it with onnx.version_converter to opset 13 or later");
  if (opset > kNewestOpset)
    l.warnings.push_back(fmt::format("opset {} is newer than {}, the newest this version knows: check the results with "
                                     "`netsuke verify`", opset, kNewestOpset));
}

// Domains other than ai.onnx are often not imported properly, and have no versions that matter here.
int opset_of(const Loader& l, const std::string& domain) {
  auto it = l.scope.opsets.find(normal_domain(domain));
  return it == l.scope.opsets.end() ? 1 : it->second;
}

void read_functions(Loader& l) {
  for (const auto& f : l.model.functions())
    if (!l.functions.emplace(FunctionKey{normal_domain(f.domain()), f.name(), overload_of(f)}, &f).second)
      fail("duplicate-name", f.name(), "two functions have this name", "export the model again with unique names");
}

const onnx::FunctionProto* find_function(const Loader& l, const onnx::NodeProto& n) {
  if (l.functions.empty()) return nullptr;
  auto it = l.functions.find({normal_domain(n.domain()), n.op_type(), overload_of(n)});
  return it == l.functions.end() ? nullptr : it->second;
}

std::map<std::string, int> function_opsets(const Loader& l, const onnx::FunctionProto& f) {
  std::map<std::string, int> opsets;
  for (const auto& o : f.opset_import()) add_opset(opsets, o, f.name());
  opsets.insert(l.scope.opsets.begin(), l.scope.opsets.end());  // for domains that it leaves out
  return opsets;
}

std::string unsupported_reason(const Loader& l, const onnx::NodeProto& n) { return reason_for(l, n, opset_of(l, "")); }

void check_operators(const Loader& l, const Nodes& nodes) {
  std::vector<UnsupportedNode> found;
  for (const Body& body : reachable_bodies(l, nodes))
    for (const auto& n : *body.nodes)
      if (std::string reason = reason_for(l, n, body.opset); !reason.empty())
        found.push_back({node_name(n), qualified(n), reason});
  if (found.empty()) return;
  UnsupportedNode first = found[0];
  found.clear();
  collect(l, l.model.graph().node(), opset_of(l, ""), found);
  for (const auto& f : l.model.functions()) collect(l, f.node(), function_opsets(l, f).at(""), found);
  fail("unknown-operator", first.node,
       fmt::format("{}; in all, the model uses these that are not supported: {}", first.reason, list_of(found)),
       "run `netsuke ops` for what is supported, and replace these operators before exporting");
}

}  // namespace netsuke
