#include "onnx/load.hpp"

#include <algorithm>
#include <set>

#include "onnx/proto.hpp"
#include "ops/helpers.hpp"
#include "support/files.hpp"

namespace netsuke {
namespace {

constexpr int64_t kOldestOpset = 7;

struct Loader {
  const LoadOptions& options;
  std::vector<std::string>& warnings;
  std::filesystem::path directory;
  std::map<std::string, int> opsets;  // by normal domain
  Graph graph;
  std::map<std::string, ValueId> names;  // values in scope
  std::map<std::string, int64_t> symbols;  // named dimensions bound so far
};

std::string node_name(const onnx::NodeProto& n) {
  if (!n.name().empty()) return n.name();
  for (const std::string& output : n.output())
    if (!output.empty()) return output;
  return n.op_type();
}

std::string qualified(const onnx::NodeProto& n) {
  std::string domain = normal_domain(n.domain());
  return domain.empty() ? n.op_type() : domain + "." + n.op_type();
}

// --- operators ---

std::string unsupported_reason(const onnx::NodeProto& n) {
  std::string domain = normal_domain(n.domain());
  if (n.op_type() == "If" && domain.empty()) return "";
  const Op* op = find_op(n.op_type(), domain);
  if (!op || domain == "netsuke") return fmt::format("operator {} is not supported", qualified(n));
  return "";
}

void collect_unsupported(const onnx::GraphProto& g, std::vector<UnsupportedNode>& found) {
  for (const auto& n : g.node())
    if (std::string reason = unsupported_reason(n); !reason.empty())
      found.push_back({node_name(n), qualified(n), reason});
}

void check_operators(const onnx::GraphProto& g) {
  std::vector<UnsupportedNode> found;
  collect_unsupported(g, found);
  if (found.empty()) return;
  std::map<std::string, std::vector<std::string>> by_op;
  for (const UnsupportedNode& u : found) by_op[u.op].push_back(u.node);
  std::string list;
  for (const auto& [op, nodes] : by_op)
    list += fmt::format("{}{} ({}{})", list.empty() ? "" : ", ", op, nodes[0],
                        nodes.size() > 1 ? fmt::format(" and {} more", nodes.size() - 1) : "");
  fail("unknown-operator", found[0].node, fmt::format("the model uses operators that are not supported: {}", list),
       "run `netsuke ops` for what is supported, and replace these operators before exporting");
}

// --- shapes of the inputs ---

int64_t dimension(Loader& l, const std::string& input, const onnx::TensorShapeProto& shape, int i) {
  const auto& d = shape.dim(i);
  if (d.has_dim_value() && !(d.dim_value() == 0 && i == 0)) {
    if (d.dim_value() < 0)
      fail("bad-shape", input, fmt::format("dimension {} is {}", i, d.dim_value()), "export the model again, or use --shape");
    return d.dim_value();
  }
  if (auto bound = l.symbols.find(d.dim_param()); !d.dim_param().empty() && bound != l.symbols.end())
    return bound->second;
  if (i == 0 && shape.dim_size() > 1) return l.symbols[d.dim_param()] = 1;  // the batch
  std::string text;
  for (const auto& other : shape.dim())
    text += fmt::format("{}{}", text.empty() ? "" : ",",
                        other.has_dim_value() ? fmt::to_string(other.dim_value())
                        : other.dim_param().empty() ? "?" : other.dim_param());
  fail("symbolic-shape", input, fmt::format("its shape [{}] is not known at compile time", text),
       fmt::format("give the sizes, e.g. --shape {}=1,...", input));
}

Shape input_shape(Loader& l, const onnx::ValueInfoProto& info) {
  const auto& type = info.type().tensor_type();
  auto given = l.options.input_shapes.find(info.name());
  if (given == l.options.input_shapes.end()) {
    if (!type.has_shape())
      fail("symbolic-shape", info.name(), "its shape is not declared", fmt::format("use --shape {}=...", info.name()));
    Shape shape;
    for (int i = 0; i < type.shape().dim_size(); i++) shape.push_back(dimension(l, info.name(), type.shape(), i));
    return shape;
  }
  if (type.has_shape() && static_cast<int>(given->second.size()) != type.shape().dim_size())
    throw Error{ErrorKind::kUsage, "bad-shape-option", info.name(),
                fmt::format("--shape gives {}, the model declares {} dimensions", to_string(given->second),
                            type.shape().dim_size()),
                "give one size for each dimension"};
  for (int i = 0; i < type.shape().dim_size(); i++) {
    const auto& d = type.shape().dim(i);
    int64_t size = given->second[static_cast<size_t>(i)];
    if (d.has_dim_value() && d.dim_value() != size && d.dim_value() > 0)
      throw Error{ErrorKind::kUsage, "bad-shape-option", info.name(),
                  fmt::format("--shape gives {} for dimension {}, the model fixes it to {}", size, i, d.dim_value()),
                  "only unknown dimensions can be chosen"};
    if (!d.dim_param().empty()) l.symbols[d.dim_param()] = size;
  }
  return given->second;
}

// --- values ---

ValueId define(Loader& l, const std::string& name, Value value) {
  if (l.names.contains(name))
    fail("duplicate-name", name, "two values have this name", "export the model again with unique names");
  value.name = name;
  return l.names[name] = add_value(l.graph, std::move(value));
}

void load_initialisers(Loader& l, const onnx::GraphProto& g) {
  for (const auto& t : g.initializer()) {
    Tensor tensor = convert_tensor(t, t.name(), l.directory);
    Value v{t.name(), tensor.type, tensor.shape, nullptr, std::nullopt};
    v.constant = std::make_shared<const Tensor>(std::move(tensor));
    define(l, t.name(), std::move(v));
  }
}

void load_inputs(Loader& l, const onnx::GraphProto& g) {
  for (const auto& [name, shape] : l.options.input_shapes)
    if (std::none_of(g.input().begin(), g.input().end(), [&](const auto& i) { return i.name() == name; }))
      throw Error{ErrorKind::kUsage, "bad-shape-option", name, "the model has no input of this name",
                  "run `netsuke inspect` to see the inputs"};
  for (const auto& info : g.input()) {
    if (auto it = l.names.find(info.name()); it != l.names.end() && l.graph[it->second].constant) continue;
    DType type = convert_type(info.type().tensor_type().elem_type());
    if (!info.type().has_tensor_type() || type == DType::kUndefined)
      fail("type-unsupported", info.name(),
           fmt::format("inputs of type {} are not supported", onnx_type_name(info.type().tensor_type().elem_type())),
           "convert the model to float32 before exporting it");
    Shape shape = input_shape(l, info);
    for (int64_t d : shape)
      if (d <= 0) fail("bad-shape", info.name(), fmt::format("its shape {} is empty", to_string(shape)), "use --shape");
    count_of(shape);
    l.graph.inputs.push_back(define(l, info.name(), Value{"", type, shape, nullptr, std::nullopt}));
  }
}

// --- nodes ---

Attribute convert_attribute(Loader& l, const onnx::AttributeProto& a, const std::string& node) {
  switch (a.type()) {
    case onnx::AttributeProto::INT: return a.i();
    case onnx::AttributeProto::FLOAT: return a.f();
    case onnx::AttributeProto::STRING: return a.s();
    case onnx::AttributeProto::INTS: return std::vector<int64_t>(a.ints().begin(), a.ints().end());
    case onnx::AttributeProto::FLOATS: return std::vector<float>(a.floats().begin(), a.floats().end());
    case onnx::AttributeProto::TENSOR: return convert_tensor(a.t(), node, l.directory);
    default: break;
  }
  fail("attribute-unsupported", node, fmt::format("attribute '{}' has a type that is not supported", a.name()),
       "export the model without it");
}

// Stable topological order, so that models whose nodes stand in another order still load.
std::vector<int> execution_order(const onnx::GraphProto& g, const std::map<std::string, ValueId>& known) {
  std::map<std::string, int> producer;
  for (int i = 0; i < g.node_size(); i++)
    for (const std::string& output : g.node(i).output()) {
      if (output.empty()) continue;
      if (!producer.emplace(output, i).second || known.contains(output))
        fail("duplicate-name", node_name(g.node(i)), fmt::format("it makes '{}', which exists already", output),
             "export the model again with unique names");
    }
  enum State : char { kNew, kOpen, kDone };
  std::vector<State> state(static_cast<size_t>(g.node_size()), kNew);
  std::vector<int> order;
  // Depth first with an explicit stack: models may be thousands of nodes deep.
  for (int root = 0; root < g.node_size(); root++) {
    std::vector<std::pair<int, int>> stack;  // node, next input to look at
    if (state[static_cast<size_t>(root)] == kNew) stack.push_back({root, 0});
    while (!stack.empty()) {
      auto& [i, next] = stack.back();
      State& s = state[static_cast<size_t>(i)];
      s = kOpen;
      if (next == g.node(i).input_size()) {
        s = kDone;
        order.push_back(i);
        stack.pop_back();
        continue;
      }
      auto it = producer.find(g.node(i).input(next++));
      if (it == producer.end() || state[static_cast<size_t>(it->second)] == kDone) continue;
      if (state[static_cast<size_t>(it->second)] == kOpen)
        fail("graph-cycle", node_name(g.node(it->second)), "its output depends on itself",
             "the graph of an ONNX model must not have cycles; export it again");
      stack.push_back({it->second, 0});
    }
  }
  return order;
}

std::vector<ValueId> node_inputs(Loader& l, const onnx::NodeProto& n) {
  std::vector<ValueId> inputs;
  for (const std::string& name : n.input()) {
    if (name.empty()) {
      inputs.push_back(kNoValue);
      continue;
    }
    auto it = l.names.find(name);
    if (it == l.names.end())
      fail("missing-value", node_name(n), fmt::format("it reads '{}', which nothing defines", name),
           "an initialiser or a node is missing from the model; export it again");
    inputs.push_back(it->second);
  }
  while (!inputs.empty() && inputs.back() == kNoValue) inputs.pop_back();
  return inputs;
}

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

// Canonicalises, infers and either folds the node or appends it to the graph.
void finish_node(Loader& l, Node n, int opset) {
  check_arity(op_of(n), n);
  for (std::string before; before != n.op;) {
    before = n.op;
    std::vector<Node> preceding;
    Canonicaliser c{l.graph, n, opset, preceding};
    if (auto canonicalise = op_of(n).canonicalise) canonicalise(c);
    for (Node& p : preceding) finish_node(l, std::move(p), opset);
  }
  try {
    if (!infer_and_fold(l.graph, n)) l.graph.nodes.push_back(std::move(n));
  } catch (Error& e) {
    if (e.node.empty()) e.node = n.name;
    throw;
  }
}

void load_nodes(Loader& l, const onnx::GraphProto& g);

// `If` with a condition that is known: the branch becomes part of the graph.
void inline_if(Loader& l, const onnx::NodeProto& n) {
  const Tensor* condition = constant_of(l.graph, node_inputs(l, n).at(0));
  if (!condition)
    fail("op-unsupported", node_name(n), "If: its condition is computed at run time",
         "only an If whose condition can be computed at compile time is supported");
  const char* wanted = condition->bytes.at(0) ? "then_branch" : "else_branch";
  for (const auto& a : n.attribute()) {
    if (a.name() != wanted) continue;
    if (a.g().output_size() != n.output_size()) fail("bad-arity", node_name(n), "If: a branch has another number of outputs");
    auto outer = l.names;
    load_initialisers(l, a.g());
    load_nodes(l, a.g());
    auto inner = std::exchange(l.names, std::move(outer));
    for (int i = 0; i < n.output_size(); i++) {
      auto it = inner.find(a.g().output(i).name());
      if (it == inner.end()) fail("missing-value", node_name(n), fmt::format("'{}' is never made", a.g().output(i).name()));
      if (!n.output(i).empty()) l.names[n.output(i)] = it->second;
    }
    return;
  }
  fail("bad-arity", node_name(n), fmt::format("If: it has no {}", wanted), "export the model again");
}

void load_node(Loader& l, const onnx::NodeProto& proto) {
  if (proto.op_type() == "If" && normal_domain(proto.domain()).empty()) return inline_if(l, proto);
  Node n{proto.op_type(), node_name(proto), node_inputs(l, proto), {}, {}, {}};
  for (const auto& a : proto.attribute()) n.attributes[a.name()] = convert_attribute(l, a, n.name);
  for (const std::string& name : proto.output())
    n.outputs.push_back(name.empty() ? kNoValue : define(l, name, Value{}));
  while (!n.outputs.empty() && n.outputs.back() == kNoValue) n.outputs.pop_back();
  finish_node(l, std::move(n), l.opsets.at(normal_domain(proto.domain())));
}

void load_nodes(Loader& l, const onnx::GraphProto& g) {
  check_operators(g);
  for (int i : execution_order(g, l.names)) load_node(l, g.node(i));
}

void load_outputs(Loader& l, const onnx::GraphProto& g) {
  if (g.output_size() == 0) fail("no-outputs", g.name(), "the model has no outputs", "export the model again");
  for (const auto& info : g.output()) {
    auto it = l.names.find(info.name());
    if (it == l.names.end())
      fail("missing-value", info.name(), "this output is never made", "export the model again");
    l.graph.outputs.push_back(it->second);
  }
}

void read_opsets(Loader& l, const onnx::ModelProto& m) {
  for (const auto& o : m.opset_import()) l.opsets[normal_domain(o.domain())] = static_cast<int>(o.version());
  if (!l.opsets.contains(""))
    fail("no-opset", m.graph().name(), "the model does not say which opset it uses", "export the model again");
  if (l.opsets[""] < kOldestOpset)
    fail("opset-too-old", m.graph().name(), fmt::format("opset {} is older than {}", l.opsets[""], kOldestOpset),
         "convert it with onnx.version_converter to opset 13 or later");
  if (l.opsets[""] > kNewestOpset)
    l.warnings.push_back(fmt::format("opset {} is newer than {}, the newest this version knows: check the results with "
                                     "`netsuke verify`", l.opsets[""], kNewestOpset));
  for (const auto& n : m.graph().node()) l.opsets.try_emplace(normal_domain(n.domain()), 1);
}

}  // namespace

std::string normal_domain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

onnx::ModelProto parse_model(const std::filesystem::path& path) {
  onnx::ModelProto m;
  std::string content = read_file(path);
  if (content.empty() || !m.ParseFromString(content) || !m.has_graph())
    fail("not-an-onnx-model", path.string(), "this is not an ONNX model, or it is cut off or damaged",
         "check that the file was copied completely, e.g. with git lfs pull, and export it again");
  return m;
}

Graph load_model(const std::filesystem::path& path, const LoadOptions& options, std::vector<std::string>& warnings) {
  onnx::ModelProto m = parse_model(path);
  Loader l{options, warnings, path.parent_path(), {}, {}, {}, {}};
  l.graph.name = m.graph().name();
  read_opsets(l, m);
  check_operators(m.graph());
  load_initialisers(l, m.graph());
  load_inputs(l, m.graph());
  load_nodes(l, m.graph());
  load_outputs(l, m.graph());
  verify(l.graph, "load");
  return std::move(l.graph);
}

ModelSummary summarise_model(const std::filesystem::path& path) {
  onnx::ModelProto m = parse_model(path);
  ModelSummary s;
  s.producer = m.producer_name() + (m.producer_version().empty() ? "" : " " + m.producer_version());
  s.ir_version = m.ir_version();
  for (const auto& o : m.opset_import()) s.opsets[o.domain().empty() ? "ai.onnx" : o.domain()] = o.version();
  for (const auto& n : m.graph().node()) s.operators[qualified(n)]++;
  collect_unsupported(m.graph(), s.unsupported);
  return s;
}

}  // namespace netsuke
