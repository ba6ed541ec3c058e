// The files beside a model that hold its tensors' data.
#include <set>

#include "onnx/load.hpp"
#include "onnx/proto.hpp"

namespace netsuke {
namespace {

using Places = std::set<std::string>;

void add_place(const onnx::TensorProto& t, Places& places) {
  if (t.data_location() != onnx::TensorProto::EXTERNAL) return;
  for (const auto& entry : t.external_data())
    if (entry.key() == "location") places.insert(entry.value());
}

// Initialisers, and the tensors and subgraphs that are attributes of nodes.
void add_places(const onnx::GraphProto& g, Places& places) {
  for (const auto& t : g.initializer()) add_place(t, places);
  for (const auto& n : g.node())
    for (const auto& a : n.attribute()) {
      if (a.has_t()) add_place(a.t(), places);
      for (const auto& t : a.tensors()) add_place(t, places);
      if (a.has_g()) add_places(a.g(), places);
      for (const auto& sub : a.graphs()) add_places(sub, places);
    }
}

}  // namespace

std::vector<std::filesystem::path> external_files(const std::filesystem::path& model) {
  Places places;
  add_places(parse_model(model).graph(), places);
  std::vector<std::filesystem::path> files;
  for (const std::string& place : places) files.push_back(model.parent_path() / place);
  return files;
}

}  // namespace netsuke
