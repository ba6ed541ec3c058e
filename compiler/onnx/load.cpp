#include "onnx/load.hpp"

#include "onnx/loader.hpp"
#include "support/files.hpp"

namespace netsuke {
namespace {

// Protobuf's own limit for one message.
constexpr uintmax_t kMostFileBytes = (uintmax_t{1} << 31) - 1;

// What a file that is not an ONNX model seems to be.
std::string guess(const std::string& content) {
  auto starts = [&](std::string_view s) { return content.compare(0, s.size(), s) == 0; };
  if (content.empty()) return "the file is empty";
  if (starts("version https://git-lfs")) return "this is a git-lfs pointer, not the model itself";
  if (content.size() > 8 && content.compare(4, 4, "TFL3") == 0) return "this is a TensorFlow Lite model, not ONNX";
  if (starts("PK\x03\x04")) return "this is a zip archive, perhaps a PyTorch or Keras model, not ONNX";
  if (starts("\x89HDF")) return "this is an HDF5 file, perhaps a Keras model, not ONNX";
  return "this is not an ONNX model, or it is cut off or damaged";
}

[[noreturn]] void fail_parse(const std::filesystem::path& path, std::string message) {
  fail("not-an-onnx-model", path.string(), std::move(message),
       "name a complete .onnx file; copy it again (e.g. with git lfs pull), or export it again");
}

}  // namespace

ValueId define(Loader& l, const std::string& name, Value value) {
  value.name = l.scope.prefix + name;
  ValueId id = add_value(l.graph, std::move(value));
  bind(l, name, id);
  return id;
}

void bind(Loader& l, const std::string& name, ValueId id) {
  if (!l.scope.names.emplace(name, id).second)
    fail("duplicate-name", name, "two values have this name", "export the model again with unique names");
  l.scope.order.push_back(name);
}

void warn_about_half(Loader& l, int32_t onnx_type, const std::string& name) {
  if (!is_half(onnx_type) || std::exchange(l.warned_half, true)) return;
  l.warnings.push_back(fmt::format("'{}' is {}: netsuke computes it, and all others of this type, in float32", name,
                                   onnx_type_name(onnx_type)));
}

Tensor load_constant(Loader& l, const onnx::TensorProto& t, const std::string& name) {
  warn_about_half(l, t.data_type(), name);
  return convert_tensor(t, name, l.directory);
}

void load_initialisers(Loader& l, const onnx::GraphProto& g) {
  if (g.sparse_initializer_size() > 0)
    fail("sparse-unsupported", g.sparse_initializer(0).values().name(), "sparse initialisers are not supported",
         "export the model with dense weights");
  for (const auto& t : g.initializer()) {
    Tensor tensor = load_constant(l, t, t.name());
    Value v{t.name(), tensor.type, tensor.shape, nullptr, std::nullopt};
    v.constant = std::make_shared<const Tensor>(std::move(tensor));
    define(l, t.name(), std::move(v));
    check_declared(l, t.name(), l.scope.names.at(t.name()));
  }
}

onnx::ModelProto parse_model(const std::filesystem::path& path) {
  std::error_code ec;
  if (uintmax_t bytes = std::filesystem::file_size(path, ec); !ec && bytes > kMostFileBytes)
    fail_parse(path, fmt::format("the file has {} bytes, more than an ONNX file can have", bytes));
  onnx::ModelProto m;
  std::string content = read_file(path);
  if (!m.ParseFromString(content) || !m.has_graph()) fail_parse(path, guess(content));
  check_names(m);
  return m;
}

Graph load_model(const std::filesystem::path& path, const LoadOptions& options, std::vector<std::string>& warnings) {
  onnx::ModelProto m = parse_model(path);
  Loader l{options, warnings, m, path.parent_path()};
  l.graph.name = m.graph().name();
  read_opsets(l);
  read_functions(l);
  check_operators(l, m.graph().node());
  add_declared(l, m.graph());
  load_initialisers(l, m.graph());
  load_inputs(l);
  load_nodes(l, m.graph().node());
  load_outputs(l);
  verify(l.graph, "load");
  return std::move(l.graph);
}

}  // namespace netsuke
