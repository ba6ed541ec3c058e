// Names: checks, and what is asked of nodes again and again.
#include "onnx/proto.hpp"

namespace netsuke {
namespace {

// Longer than any exporter makes them; keeps messages and generated code readable.
constexpr size_t kLongestName = 10000;

// Bytes of the UTF-8 sequence that starts at s[i]; 0 when there is none (RFC 3629).
size_t utf8_length(const std::string& s, size_t i) {
  auto byte = [&](size_t k) { return k < s.size() ? static_cast<unsigned char>(s[k]) : 0u; };
  auto continues = [&](size_t k) { return (byte(k) & 0xC0) == 0x80; };
  unsigned first = byte(i);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return continues(i + 1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0) {
    unsigned code = (first & 15) << 12 | (byte(i + 1) & 63) << 6;
    bool valid = code >= 0x800 && (code < 0xD800 || code > 0xDFFF);
    return valid && continues(i + 1) && continues(i + 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first < 0xF5) {
    unsigned code = (first & 7) << 18 | (byte(i + 1) & 63) << 12;
    bool valid = code >= 0x10000 && code <= 0x10FFFF;
    return valid && continues(i + 1) && continues(i + 2) && continues(i + 3) ? 4 : 0;
  }
  return 0;
}

size_t plain_length(const std::string& s, size_t i) {
  auto c = static_cast<unsigned char>(s[i]);
  return c < 0x20 || c == 0x7F ? 0 : utf8_length(s, i);
}

void check_name(const std::string& name, const char* what) {
  if (name.size() > kLongestName)
    fail("bad-name", printable(name), fmt::format("the name of {} has {} bytes, more than {}", what, name.size(), kLongestName),
         "export the model again with shorter names");
  if (!is_plain_text(name))
    fail("bad-name", printable(name), fmt::format("the name of {} is not UTF-8 text, or has control characters", what),
         "export the model again with ordinary names, or check whether the file is damaged");
}

void check_graph(const onnx::GraphProto& g);

void check_nodes(const Nodes& nodes) {
  for (const auto& n : nodes) {
    check_name(n.name(), "a node");
    check_name(n.op_type(), "an operator");
    check_name(n.domain(), "a domain");
    for (const std::string& input : n.input()) check_name(input, "a node's input");
    for (const std::string& output : n.output()) check_name(output, "a node's output");
    for (const auto& a : n.attribute()) {
      check_name(a.name(), "an attribute");
      if (a.has_g()) check_graph(a.g());
    }
  }
}

void check_graph(const onnx::GraphProto& g) {
  check_name(g.name(), "a graph");
  for (const auto& t : g.initializer()) check_name(t.name(), "an initialiser");
  for (const auto* infos : {&g.input(), &g.output(), &g.value_info()})
    for (const auto& info : *infos) {
      check_name(info.name(), "a value");
      for (const auto& d : info.type().tensor_type().shape().dim()) check_name(d.dim_param(), "a dimension");
    }
  check_nodes(g.node());
}

}  // namespace

bool is_plain_text(const std::string& s) {
  for (size_t i = 0; i < s.size();) {
    size_t length = plain_length(s, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string printable(const std::string& s) {
  constexpr size_t kMost = 80;
  std::string text;
  for (size_t i = 0; i < s.size();) {
    if (text.size() > kMost) return text + "...";
    size_t length = plain_length(s, i);
    text += length ? s.substr(i, length) : fmt::format("\\x{:02X}", static_cast<unsigned char>(s[i]));
    i += std::max<size_t>(length, 1);
  }
  return text;
}

void check_names(const onnx::ModelProto& m) {
  for (const auto& o : m.opset_import()) check_name(o.domain(), "a domain");
  check_graph(m.graph());
  for (const auto& f : m.functions()) {
    check_name(f.name(), "a function");
    check_name(f.domain(), "a domain");
    for (const auto* names : {&f.input(), &f.output(), &f.attribute()})
      for (const std::string& name : *names) check_name(name, "a function's value");
    check_nodes(f.node());
  }
}

std::string normal_domain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

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

const onnx::AttributeProto* find_attribute(const onnx::NodeProto& n, const std::string& name) {
  for (const auto& a : n.attribute())
    if (a.name() == name) return &a;
  return nullptr;
}

}  // namespace netsuke
