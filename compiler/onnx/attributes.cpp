// Attributes: their form as the ONNX standard has it, and their conversion.
#include <algorithm>
#include <cmath>
#include <set>

#include "onnx/loader.hpp"
#include "onnx/schemas.hpp"

namespace netsuke {
namespace {

using Proto = onnx::AttributeProto;

[[noreturn]] void fail_attribute(const std::string& node, std::string message, std::string hint = "export the model again") {
  fail("bad-attribute", node, std::move(message), std::move(hint));
}

std::string_view type_name(char letter) {
  switch (letter) {
    case 'i': return "an integer";
    case 'f': return "a float";
    case 's': return "a string";
    case 't': return "a tensor";
    case 'g': return "a graph";
    case 'p': return "a sparse tensor";
    case 'y': return "a type";
    case 'I': return "a list of integers";
    case 'F': return "a list of floats";
    case 'S': return "a list of strings";
    default: return "something else";
  }
}

char letter_of(const Proto& a) {
  switch (a.type()) {
    case Proto::INT: return 'i';
    case Proto::FLOAT: return 'f';
    case Proto::STRING: return 's';
    case Proto::TENSOR: return 't';
    case Proto::GRAPH: return 'g';
    case Proto::SPARSE_TENSOR: return 'p';
    case Proto::TYPE_PROTO: return 'y';
    case Proto::INTS: return 'I';
    case Proto::FLOATS: return 'F';
    case Proto::STRINGS: return 'S';
    default: return '?';
  }
}

// Sizes and counts that must be at least 1 for any operator that has them.
constexpr std::string_view kPositive[] = {"kernel_shape", "strides", "dilations", "group", "num_groups", "blocksize", "num_outputs"};

// Ranges end at 2^31, so that no arithmetic on attributes overflows; the few that are often "as far as it goes"
// are clamped by their operators.
void check_range(const onnx::NodeProto& n, const std::string& name, int64_t value) {
  constexpr int64_t kLimit = int64_t{1} << 31;
  bool open = name == "starts" || name == "ends" || n.op_type() == "Constant";
  if (!open && (value > kLimit || value < -kLimit))
    fail_attribute(node_name(n), fmt::format("{}: attribute '{}' is {}, out of range", n.op_type(), name, value));
  if (value < 1 && std::find(std::begin(kPositive), std::end(kPositive), name) != std::end(kPositive))
    fail_attribute(node_name(n), fmt::format("{}: attribute '{}' has {}, it must be at least 1", n.op_type(), name, value));
}

void check_values(const onnx::NodeProto& n, const std::string& name, const Proto& a) {
  if (a.type() == Proto::INT) check_range(n, name, a.i());
  for (int64_t value : a.ints()) check_range(n, name, value);
  bool nan = (a.type() == Proto::FLOAT && std::isnan(a.f())) ||
             std::any_of(a.floats().begin(), a.floats().end(), [](float f) { return std::isnan(f); });
  if (nan && n.op_type() != "Constant")
    fail_attribute(node_name(n), fmt::format("{}: attribute '{}' is not a number", n.op_type(), name));
  if (a.type() == Proto::STRING && !is_plain_text(a.s()))
    fail_attribute(node_name(n), fmt::format("{}: attribute '{}' is '{}', not text", n.op_type(), name, printable(a.s())));
}

void check_attribute(const Loader& l, const onnx::NodeProto& n, const Schema& schema, const Proto& a) {
  AttributeForm form = find_attribute(schema, a.name());
  if (!form.letter)
    fail_attribute(node_name(n), fmt::format("{} has no attribute '{}' in opset {}", n.op_type(), a.name(), opset_of(l, "")),
                   "correct the model's opset or the attribute, or export the model again");
  const Proto* actual = resolve(l, a);
  if (!actual) return;
  if (letter_of(*actual) != form.letter)
    fail_attribute(node_name(n), fmt::format("{}: attribute '{}' must be {}, it is {}", n.op_type(), a.name(),
                                             type_name(form.letter), type_name(letter_of(*actual))));
  check_values(n, a.name(), *actual);
}

void check_attributes(const Loader& l, const onnx::NodeProto& n, const Schema& schema) {
  std::set<std::string> given;
  for (const auto& a : n.attribute()) {
    if (!given.insert(a.name()).second)
      fail_attribute(node_name(n), fmt::format("{}: attribute '{}' stands twice", n.op_type(), a.name()));
    check_attribute(l, n, schema, a);
    if (!resolve(l, a)) given.erase(a.name());
  }
  for (std::string_view rest = schema.attributes; !rest.empty();) {
    std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    std::string name(word.substr(0, word.find(':')));
    if (word.back() == '!' && !given.contains(name))
      fail_attribute(node_name(n), fmt::format("{} needs attribute '{}'", n.op_type(), name));
  }
}

// Without trailing absent ones.
template <class List>
int used(const List& names) {
  int count = names.size();
  while (count > 0 && names.Get(count - 1).empty()) count--;
  return count;
}

void check_count(const onnx::NodeProto& n, const char* what, int count, int min, int max) {
  if (count >= min && (max < 0 || count <= max)) return;
  std::string expected = max < 0 ? fmt::format("{} or more", min) : min == max ? fmt::format("{}", min) : fmt::format("{} to {}", min, max);
  fail("bad-arity", node_name(n), fmt::format("{} has {} {}, expected {}", n.op_type(), count, what, expected), "export the model again");
}

Attribute convert(Loader& l, const Proto& a, const std::string& node) {
  switch (a.type()) {
    case Proto::INT: return a.i();
    case Proto::FLOAT: return a.f();
    case Proto::STRING: return a.s();
    case Proto::INTS: return std::vector<int64_t>(a.ints().begin(), a.ints().end());
    case Proto::FLOATS: return std::vector<float>(a.floats().begin(), a.floats().end());
    case Proto::TENSOR: return load_constant(l, a.t(), node);
    default: break;
  }
  fail_attribute(node, fmt::format("attribute '{}' is {}, which is not supported", a.name(), type_name(letter_of(a))),
                 "export the model without it");
}

}  // namespace

const onnx::AttributeProto* resolve(const Loader& l, const onnx::AttributeProto& a) {
  if (a.ref_attr_name().empty()) return &a;
  auto it = l.scope.attributes.find(a.ref_attr_name());
  return it == l.scope.attributes.end() ? nullptr : &it->second;
}

void check_form(const Loader& l, const onnx::NodeProto& n) {
  const Schema* schema = find_schema(qualified(n), opset_of(l, ""));
  NETSUKE_CHECK(schema, "operator '{}' of node '{}' has no schema", n.op_type(), node_name(n));
  check_count(n, "inputs", used(n.input()), schema->min_inputs, schema->max_inputs);
  check_count(n, "outputs", used(n.output()), schema->min_outputs, schema->max_outputs);
  for (int i = 0; i < schema->min_inputs; i++)
    if (n.input(i).empty())
      fail("bad-arity", node_name(n), fmt::format("{} needs its input {}", n.op_type(), i), "export the model again");
  check_attributes(l, n, *schema);
}

Attributes node_attributes(Loader& l, const onnx::NodeProto& n) {
  Attributes attributes;
  for (const auto& a : n.attribute())
    if (const Proto* actual = resolve(l, a)) attributes[a.name()] = convert(l, *actual, node_name(n));
  return attributes;
}

}  // namespace netsuke
