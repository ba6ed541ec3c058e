#include "eval/test_data.hpp"

#include <algorithm>

#include "eval/eval.hpp"
#include "onnx/load.hpp"

namespace netsuke {
namespace {

namespace fs = std::filesystem;

int number_of(const fs::path& p) {
  std::string digits = p.filename().string();
  digits.erase(0, digits.find_last_not_of("0123456789") + 1);
  return digits.empty() ? 0 : std::stoi(digits);
}

std::vector<fs::path> data_sets(const fs::path& directory) {
  if (fs::exists(directory / "input_0.pb")) return {directory};
  std::vector<fs::path> sets;
  if (fs::is_directory(directory))
    for (const auto& entry : fs::directory_iterator(directory))
      if (fs::exists(entry.path() / "input_0.pb")) sets.push_back(entry.path());
  std::sort(sets.begin(), sets.end(), [](const fs::path& a, const fs::path& b) { return number_of(a) < number_of(b); });
  if (sets.empty())
    throw Error{ErrorKind::kUsage, "no-test-data", directory.string(), "there is no test data here",
                "name a folder with test_data_set_0/input_0.pb, as in the ONNX backend tests"};
  return sets;
}

std::vector<Tensor> load_tensors(const fs::path& set, const char* prefix, size_t most) {
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < most; i++) {
    fs::path path = set / fmt::format("{}_{}.pb", prefix, i);
    if (!fs::exists(path)) break;
    tensors.push_back(load_tensor(path));
  }
  return tensors;
}

void check_fit(const Graph& g, const std::vector<ValueId>& ids, const std::vector<Tensor>& tensors,
               const fs::path& set) {
  for (size_t i = 0; i < tensors.size(); i++) {
    const Value& v = g[ids[i]];
    if (v.type != tensors[i].type || v.shape != tensors[i].shape)
      throw Error{ErrorKind::kUsage, "bad-test-data", set.string(),
                  fmt::format("tensor {} is {}{}, '{}' is {}{}", i, name_of(tensors[i].type), to_string(tensors[i].shape),
                              v.name, name_of(v.type), to_string(v.shape)),
                  "use data made for this model"};
  }
}

}  // namespace

std::vector<fs::path> test_vector_files(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const fs::path& set : data_sets(directory))
    for (const auto& entry : fs::directory_iterator(set))
      if (entry.path().extension() == ".pb") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<TestVector> load_test_vectors(const fs::path& directory, const Graph& g) {
  std::vector<TestVector> vectors;
  for (const fs::path& set : data_sets(directory)) {
    TestVector v{load_tensors(set, "input", g.inputs.size()), load_tensors(set, "output", g.outputs.size())};
    check_fit(g, g.inputs, v.inputs, set);
    check_fit(g, g.outputs, v.outputs, set);
    if (v.outputs.size() != g.outputs.size()) v.outputs = evaluate(g, v.inputs);
    vectors.push_back(std::move(v));
  }
  return vectors;
}

}  // namespace netsuke
