// What `netsuke inspect` says about a model that may not compile.
#include "onnx/loader.hpp"

namespace netsuke {
namespace {

void count_operators(const Loader& l, const Nodes& nodes, ModelSummary& s) {
  for (const auto& n : nodes) {
    s.operators[qualified(n)]++;
    for (const auto& a : n.attribute())
      if (a.has_g()) count_operators(l, a.g().node(), s);
  }
}

// Loads as far as it goes; every node that fails is recorded, and all that depends on it is passed over.
void collect_problems(Loader& l, ModelSummary& s) {
  l.problems = &s.unsupported;
  try {
    read_opsets(l);
    read_functions(l);
    add_declared(l, l.model.graph());
    load_initialisers(l, l.model.graph());
    load_inputs(l);
    load_nodes(l, l.model.graph().node());
    load_outputs(l);
  } catch (const Error& e) {
    if (e.kind == ErrorKind::kBug) throw;
    s.unsupported.push_back({e.node, "", e.message + (e.hint.empty() ? "" : "; " + e.hint)});
  }
}

}  // namespace

ModelSummary summarise_model(const std::filesystem::path& path, const LoadOptions& options) {
  onnx::ModelProto m = parse_model(path);
  ModelSummary s;
  s.producer = m.producer_name() + (m.producer_version().empty() ? "" : " " + m.producer_version());
  s.ir_version = m.ir_version();
  for (const auto& o : m.opset_import()) s.opsets[o.domain().empty() ? "ai.onnx" : o.domain()] = o.version();
  std::vector<std::string> warnings;
  Loader l{options, warnings, m, path.parent_path()};
  count_operators(l, m.graph().node(), s);
  for (const auto& f : m.functions()) count_operators(l, f.node(), s);
  collect_problems(l, s);
  return s;
}

}  // namespace netsuke
