#include "quantize/data.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>

#include "onnx/load.hpp"
#include "support/files.hpp"

namespace netsuke {
namespace {

namespace fs = std::filesystem;
using Named = std::pair<std::string, NumpyArray>;

constexpr const char* kKinds = "name a .npy or .npz file, a folder of .npy files, or a folder with test_data_set_0/input_0.pb";

// --- files ---

// Digits count as numbers: x10 comes after x9.
bool natural_less(const fs::path& a, const fs::path& b) {
  auto key = [](const fs::path& p) {
    std::string name = p.filename().string(), padded, digits;
    for (char c : name + '\0') {
      if (std::isdigit(static_cast<unsigned char>(c))) {
        digits += c;
        continue;
      }
      if (!digits.empty()) padded += std::string(digits.size() < 12 ? 12 - digits.size() : 0, '0') + digits;
      digits.clear();
      padded += c;
    }
    return padded;
  };
  return std::pair(key(a), a) < std::pair(key(b), b);
}

std::vector<fs::path> sorted_entries(const fs::path& folder, const std::function<bool(const fs::path&)>& wanted) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder))
    if (wanted(entry.path())) found.push_back(entry.path());
  std::sort(found.begin(), found.end(), natural_less);
  return found;
}

std::vector<fs::path> data_sets(const fs::path& path) {
  if (fs::exists(path / "input_0.pb")) return {path};
  return sorted_entries(path, [](const fs::path& p) { return fs::exists(p / "input_0.pb"); });
}

std::vector<fs::path> arrays_in(const fs::path& folder) {
  return sorted_entries(folder, [](const fs::path& p) { return p.extension() == ".npy"; });
}

// --- pieces ---

bool is_finite(const NumpyArray& a, int64_t& where) {
  if (a.kind != 'f') return true;
  for (where = 0; where < a.count(); where++)
    if (!std::isfinite(static_cast<float>(a.at(where)))) return false;
  return true;
}

// Whole numbers for an input of whole numbers, within its type.
void check_type(const NumpyArray& a, const CalibrationData::Input& input, const std::string& place) {
  if (is_float(input.type)) {
    int64_t where = 0;
    if (is_finite(a, where)) return;
    int64_t per_sample = std::max<int64_t>(count_of(input.shape), 1);
    fail_data("calibration-not-finite", place,
              fmt::format("element {} of sample {} is {} as float32", where % per_sample, where / per_sample, a.at(where)),
              "leave such samples out, or correct what made them");
  }
  if (a.kind == 'f' && input.type != DType::kBool)
    fail_data("calibration-type", place, fmt::format("its numbers are {}, the model's input is {}", a.type_name(), name_of(input.type)),
              "store the whole numbers that the model is used with");
  for (int64_t i = 0; i < a.count(); i++) {
    double x = a.at(i);
    bool fits = visit_type(input.type, [&]<class T>() {
      return x >= static_cast<double>(std::numeric_limits<T>::lowest()) && x <= static_cast<double>(std::numeric_limits<T>::max());
    });
    if (!fits)
      fail_data("calibration-type", place, fmt::format("{} does not fit into {}", x, name_of(input.type)),
                "store numbers that the model can be used with");
  }
}

// How many samples the array has; 0 when its shape is not that of samples.
int64_t samples_in(const Shape& array, const Shape& sample) {
  if (array == sample) return 1;
  if (array.size() == sample.size() + 1 && std::equal(sample.begin(), sample.end(), array.begin() + 1)) return array[0];
  bool stacked = !array.empty() && array.size() == sample.size() && sample[0] > 0 && array[0] % sample[0] == 0 &&
                 std::equal(sample.begin() + 1, sample.end(), array.begin() + 1);
  return stacked ? array[0] / sample[0] : -1;
}

std::string wanted_shape(const Shape& sample) {
  Shape rest(sample.begin() + (sample.empty() || sample[0] != 1 ? 0 : 1), sample.end());
  std::string text = "[N";
  for (int64_t d : rest) text += fmt::format(",{}", d);
  return text + "]";
}

void add_piece(CalibrationData::Input& input, NumpyArray array, const std::string& place, const std::string& name) {
  int64_t samples = samples_in(array.shape, input.shape);
  if (samples < 0)
    fail_data("calibration-shape", place,
              fmt::format("its shape is {}, the model's input '{}' is {}", to_string(array.shape), name, to_string(input.shape)),
              fmt::format("store the samples as one array of shape {}", wanted_shape(input.shape)));
  check_type(array, input, place);
  input.pieces.push_back({std::make_shared<const NumpyArray>(std::move(array)), static_cast<size_t>(samples)});
}

// --- which array is for which input ---

std::string quoted(const std::vector<std::string>& names) { return fmt::format("'{}'", fmt::join(names, "', '")); }

std::vector<std::string> input_names(const Graph& g) {
  std::vector<std::string> names;
  for (ValueId v : g.inputs) names.push_back(g[v].name);
  return names;
}

// By name; arr_0, arr_1 ... as numpy.savez calls them by order; a single array is for a single input.
void add_arrays(CalibrationData& d, const Graph& g, std::vector<Named> arrays, const std::string& place) {
  std::vector<std::string> found;
  for (const Named& a : arrays) found.push_back(a.first);
  for (size_t i = 0; i < g.inputs.size(); i++) {
    const std::string& name = g[g.inputs[i]].name;
    auto it = std::find(found.begin(), found.end(), name);
    if (it == found.end()) it = std::find(found.begin(), found.end(), fmt::format("arr_{}", i));
    if (it == found.end() && g.inputs.size() == 1 && found.size() == 1) it = found.begin();
    if (it == found.end())
      fail_data("calibration-input", place, fmt::format("it has no array for the model's input '{}', only {}", name, quoted(found)),
                fmt::format("name the arrays like the inputs: {}", quoted(input_names(g))));
    Named& array = arrays[static_cast<size_t>(it - found.begin())];
    add_piece(d.inputs[i], array.second, place + ", " + array.first, name);
  }
}

NumpyArray from_tensor(const Tensor& t) {
  NumpyArray a;
  a.kind = is_float(t.type) ? 'f' : t.type == DType::kBool ? 'b' : name_of(t.type)[0] == 'u' ? 'u' : 'i';
  a.element_bytes = size_of(t.type);
  a.shape = t.shape;
  a.bytes.assign(t.bytes.begin(), t.bytes.end());
  return a;
}

void add_data_set(CalibrationData& d, const Graph& g, const fs::path& set) {
  for (size_t i = 0; i < g.inputs.size(); i++) {
    fs::path path = set / fmt::format("input_{}.pb", i);
    add_piece(d.inputs[i], from_tensor(load_tensor(path)), path.string(), g[g.inputs[i]].name);
  }
}

void add_folder(CalibrationData& d, const Graph& g, const fs::path& folder) {
  std::vector<fs::path> sets = data_sets(folder), files = arrays_in(folder);
  for (const fs::path& set : sets) add_data_set(d, g, set);
  if (!sets.empty()) return;
  if (files.empty()) fail_data("no-calibration-data", folder.string(), "there is no calibration data in this folder", kKinds);
  if (g.inputs.size() == 1) {
    for (const fs::path& f : files) add_piece(d.inputs[0], parse_npy(read_file(f), f.string()), f.string(), g[g.inputs[0]].name);
    return;
  }
  std::vector<Named> arrays;
  for (const fs::path& f : files) arrays.emplace_back(f.stem().string(), parse_npy(read_file(f), f.string()));
  add_arrays(d, g, std::move(arrays), folder.string());
}

void add_file(CalibrationData& d, const Graph& g, const fs::path& path) {
  std::string extension = path.extension().string();
  if (extension == ".pb") return add_arrays(d, g, {{path.filename().string(), from_tensor(load_tensor(path))}}, path.string());
  std::string content = read_file(path);
  if (extension == ".npz" || content.starts_with("PK")) return add_arrays(d, g, parse_npz(content, path.string()), path.string());
  if (extension != ".npy" && !content.starts_with("\x93NUMPY"))
    fail_data("no-calibration-data", path.string(), "this is no file of arrays", kKinds);
  add_arrays(d, g, {{path.filename().string(), parse_npy(content, path.string())}}, path.string());
}

void count_samples(CalibrationData& d, const Graph& g, const std::string& place) {
  for (size_t i = 0; i < d.inputs.size(); i++) {
    size_t samples = 0;
    for (const auto& piece : d.inputs[i].pieces) samples += piece.samples;
    if (i > 0 && samples != d.count)
      fail_data("calibration-shape", place, fmt::format("there are {} samples for input '{}' and {} for '{}'", d.count,
                                                        g[g.inputs[0]].name, samples, g[g.inputs[i]].name),
                "give as many samples for each input");
    d.count = samples;
  }
  if (d.count == 0) fail_data("calibration-empty", place, "there are no samples in it", "give some hundred samples of what the model will see");
}

}  // namespace

CalibrationData load_calibration(const fs::path& path, const Graph& g) {
  if (!fs::exists(path)) fail_data("file-not-found", path.string(), "there is no such file or folder", kKinds);
  CalibrationData d;
  for (ValueId v : g.inputs) d.inputs.push_back({g[v].type, g[v].shape, {}});
  if (fs::is_directory(path)) add_folder(d, g, path);
  else add_file(d, g, path);
  count_samples(d, g, path.string());
  return d;
}

CalibrationData calibration_of(const std::vector<std::vector<Tensor>>& samples) {
  CalibrationData d;
  d.count = samples.size();
  for (const Tensor& t : samples.at(0)) d.inputs.push_back({t.type, t.shape, {}});
  for (const auto& sample : samples)
    for (size_t i = 0; i < sample.size(); i++)
      d.inputs[i].pieces.push_back({std::make_shared<const NumpyArray>(from_tensor(sample[i])), 1});
  return d;
}

std::vector<Tensor> CalibrationData::sample(size_t i) const {
  std::vector<Tensor> tensors;
  for (const Input& input : inputs) {
    size_t piece = 0, at = i;
    while (at >= input.pieces[piece].samples) at -= input.pieces[piece++].samples;
    const NumpyArray& a = *input.pieces[piece].array;
    Tensor t(input.type, input.shape);
    int64_t first = static_cast<int64_t>(at) * count_of(input.shape);
    visit_type(t.type, [&]<class T>() {
      for (T& x : t.as<T>()) x = static_cast<T>(a.at(first++));
    });
    tensors.push_back(std::move(t));
  }
  return tensors;
}

std::vector<fs::path> calibration_files(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const fs::path& set : data_sets(path))
    for (const fs::path& f : sorted_entries(set, [](const fs::path& p) { return p.filename().string().starts_with("input_"); }))
      files.push_back(f);
  return files.empty() ? arrays_in(path) : files;
}

std::vector<int64_t> load_labels(const fs::path& path) {
  constexpr const char* kHint = "give one whole number for each sample, as .npy or as text";
  std::string content = read_file(path);
  std::vector<int64_t> labels;
  if (content.starts_with("\x93NUMPY")) {
    NumpyArray a = parse_npy(content, path.string());
    for (int64_t i = 0; i < a.count(); i++) labels.push_back(static_cast<int64_t>(a.at(i)));
    if (a.kind == 'f') fail_data("bad-labels", path.string(), "its elements are no whole numbers", kHint);
  } else {
    std::istringstream text(content);
    for (int64_t label; text >> label;) labels.push_back(label);
    if (!text.eof()) fail_data("bad-labels", path.string(), fmt::format("label {} is no whole number", labels.size()), kHint);
  }
  if (std::any_of(labels.begin(), labels.end(), [](int64_t l) { return l < 0; }))
    fail_data("bad-labels", path.string(), "a label is negative", kHint);
  if (labels.empty()) fail_data("bad-labels", path.string(), "there are no labels in it", kHint);
  return labels;
}

}  // namespace netsuke
