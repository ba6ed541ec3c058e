// Calibration data: what is read, and what is said about data that cannot be used.
#include <zlib.h>

#include <fstream>

#include "onnx/save.hpp"
#include "quantize/data.hpp"
#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& content) { std::ofstream(path, std::ios::binary) << content; }

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string npy(const std::string& type, const std::string& shape, const std::string& data, bool fortran = false) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}\n", type, fortran ? "True" : "False", shape);
  std::string file = std::string("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 255);
  file += static_cast<char>(header.size() >> 8);
  return file + header + data;
}

std::string little(uint64_t value, int bytes) {
  std::string s;
  for (int i = 0; i < bytes; i++) s += static_cast<char>(value >> 8 * i & 255);
  return s;
}

std::string deflated(const std::string& data) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(data.size() + 100, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  z.avail_in = static_cast<uInt>(data.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

// As numpy.savez and numpy.savez_compressed do.
std::string npz(const std::vector<std::pair<std::string, std::string>>& entries, bool compressed) {
  std::string files, directory;
  for (const auto& [name, data] : entries) {
    std::string packed = compressed ? deflated(data) : data;
    uint64_t crc = crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size()));
    std::string common = little(20, 2) + little(0, 2) + little(compressed ? 8 : 0, 2) + little(0, 4) + little(crc, 4) +
                         little(packed.size(), 4) + little(data.size(), 4) + little(name.size() + 4, 2) + little(0, 2);
    directory += little(0x02014b50, 4) + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) +
                 little(files.size(), 4) + name + ".npy";
    files += little(0x04034b50, 4) + common + name + ".npy" + packed;
  }
  return files + directory + little(0x06054b50, 4) + little(0, 4) + little(entries.size(), 2) + little(entries.size(), 2) +
         little(directory.size(), 4) + little(files.size(), 4) + little(0, 2);
}

Graph one_input() { return load_text("g (float[1,3] x) => (float[1,3] y) { y = Relu(x) }"); }
Graph two_inputs() { return load_text("g (float[1,2] a, int64[1] b) => (float[1,2] y) { c = Cast<to=1>(b) y = Add(a, c) }"); }

std::vector<float> sample(const CalibrationData& d, size_t i, size_t input = 0) {
  Tensor t = d.sample(i)[input];
  return {t.as<float>().begin(), t.as<float>().end()};
}

std::string error_of(const fs::path& path, const Graph& g) {
  try {
    load_calibration(path, g);
  } catch (const Error& e) {
    CHECK(e.kind == ErrorKind::kUsage);
    CHECK(!e.hint.empty());
    CHECK(e.node.find(path.filename().string()) != std::string::npos);
    return e.id + ": " + e.message;
  }
  return "none";
}

struct DataFiles {
  fs::path directory = fresh_directory("calibration");
  fs::path operator()(const std::string& name, const std::string& content) const {
    write(directory / name, content);
    return directory / name;
  }
};

}  // namespace

TEST_CASE("Calibration data: numbers of every type become the input's, value for value") {
  DataFiles file;
  Graph g = one_input();
  CHECK(sample(load_calibration(file("f4.npy", npy("<f4", "(2, 3)", raw<float>({1, 2, 3, 4, 5, 6}))), g), 1) == std::vector<float>{4, 5, 6});
  CHECK(sample(load_calibration(file("f8.npy", npy("<f8", "(1, 1, 3)", raw<double>({0.5, -2, 3}))), g), 0) == std::vector<float>{0.5, -2, 3});
  CHECK(sample(load_calibration(file("f2.npy", npy("<f2", "(1, 3)", raw<uint16_t>({0x3C00, 0xC100, 0x0001}))), g), 0) ==
        std::vector<float>{1, -2.5f, 0x1p-24f});
  CHECK(sample(load_calibration(file("u1.npy", npy("|u1", "(1, 3)", raw<uint8_t>({0, 7, 255}))), g), 0) == std::vector<float>{0, 7, 255});
  CHECK(sample(load_calibration(file("i2.npy", npy(">i2", "(1, 3)", std::string("\xFF\xFE\x00\x01\x01\x00", 6))), g), 0) == std::vector<float>{-2, 1, 256});
  CHECK(sample(load_calibration(file("b1.npy", npy("|b1", "(1, 3)", raw<uint8_t>({0, 1, 1}))), g), 0) == std::vector<float>{0, 1, 1});
  CHECK(sample(load_calibration(file("order.npy", npy("<f4", "(2, 3)", raw<float>({1, 4, 2, 5, 3, 6}), true)), g), 0) == std::vector<float>{1, 2, 3});
}

TEST_CASE("Calibration data: one sample, stacked samples, samples with the model's batch of one") {
  DataFiles file;
  Graph g = one_input(), batch = load_text("g (float[2,3] x) => (float[2,3] y) { y = Relu(x) }");
  std::string six = raw<float>({1, 2, 3, 4, 5, 6});
  CHECK(load_calibration(file("a.npy", npy("<f4", "(2, 3)", six)), g).count == 2);
  CHECK(load_calibration(file("b.npy", npy("<f4", "(2, 1, 3)", six)), g).count == 2);
  CHECK(load_calibration(file("c.npy", npy("<f4", "(1, 3)", raw<float>({1, 2, 3}))), g).count == 1);
  CHECK(load_calibration(file("a.npy", npy("<f4", "(2, 3)", six)), batch).count == 1);
}

TEST_CASE("Calibration data: archives, folders, test data") {
  DataFiles file;
  Graph g = two_inputs();
  std::string a = npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 4})), b = npy("<i8", "(2,)", raw<int64_t>({5, 6}));
  for (bool compressed : {false, true}) {
    CalibrationData d = load_calibration(file("named.npz", npz({{"b", b}, {"a", a}}, compressed)), g);
    REQUIRE(d.count == 2);
    CHECK(sample(d, 1) == std::vector<float>{3, 4});
    CHECK(d.sample(1)[1].as<int64_t>()[0] == 6);
    CHECK(load_calibration(file("ordered.npz", npz({{"arr_0", a}, {"arr_1", b}}, compressed)), g).count == 2);
  }
  fs::create_directories(file.directory / "folder");
  file("folder/a.npy", a), file("folder/b.npy", b);
  CHECK(load_calibration(file.directory / "folder", g).count == 2);
  fs::create_directories(file.directory / "many");
  for (int i : {10, 9}) file(fmt::format("many/x{}.npy", i), npy("<f4", "(1, 3)", raw<float>({float(i), 0, 0})));
  CalibrationData many = load_calibration(file.directory / "many", one_input());
  REQUIRE(many.count == 2);
  CHECK(sample(many, 0)[0] == 9);  // numbers in names count as numbers
  for (int k : {0, 1}) {
    fs::path set = file.directory / fmt::format("sets/test_data_set_{}", k);
    fs::create_directories(set);
    save_tensor(floats({1, 3}, {float(k), 0, 0}), set / "input_0.pb");
  }
  CHECK(load_calibration(file.directory / "sets", one_input()).count == 2);
  CHECK(load_calibration(file.directory / "sets/test_data_set_1", one_input()).count == 1);
  CHECK(load_calibration(file.directory / "sets/test_data_set_1/input_0.pb", one_input()).count == 1);
  CHECK(calibration_files(file.directory / "sets").size() == 2);
}

TEST_CASE("Calibration data that cannot be used: what is said") {
  DataFiles file;
  Graph g = one_input(), two = two_inputs();
  std::string good = npy("<f4", "(2, 3)", raw<float>({1, 2, 3, 4, 5, 6}));
  float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(error_of("/nowhere/data.npy", g) == "file-not-found: there is no such file or folder");
  CHECK(error_of(file("shape.npy", npy("<f4", "(2, 4)", raw<float>(std::vector<float>(8)))), g) ==
        "calibration-shape: its shape is [2,4], the model's input 'x' is [1,3]");
  CHECK(error_of(file("nan.npy", npy("<f4", "(2, 3)", raw<float>({1, 2, 3, 4, nan, 6}))), g) ==
        "calibration-not-finite: element 1 of sample 1 is nan as float32");
  CHECK(error_of(file("large.npy", npy("<f8", "(1, 3)", raw<double>({1e300, 2, 3}))), g) ==
        "calibration-not-finite: element 0 of sample 0 is 1e+300 as float32");
  CHECK(error_of(file("none.npy", npy("<f4", "(0, 3)", "")), g) == "calibration-empty: there are no samples in it");
  CHECK(error_of(file("short.npy", good.substr(0, good.size() - 4)), g) ==
        "calibration-damaged: it has 20 bytes of data, its type float32 and shape [2,3] need 24: the file is cut off");
  CHECK(error_of(file("header.npy", good.substr(0, 20)), g) == "calibration-damaged: the file is cut off in its header");
  CHECK(error_of(file("empty.npy", ""), g) == "calibration-damaged: the file is empty");
  CHECK(error_of(file("text.npy", "1 2 3"), g) == "calibration-damaged: this is not a NumPy array");
  CHECK(error_of(file("text.csv", "1 2 3"), g) == "no-calibration-data: this is no file of arrays");
  CHECK(error_of(file("complex.npy", npy("<c8", "(1, 3)", std::string(24, '\0'))), g) == "calibration-type: its elements have NumPy type '<c8'");
  CHECK(error_of(file("strings.npy", npy("<U5", "(1, 3)", std::string(60, '\0'))), g) == "calibration-type: its elements have NumPy type '<U5'");
  CHECK(error_of(file("huge.npy", npy("<f4", "(99999999, 99999999)", "")), g).starts_with("calibration-damaged: its shape"));
  fs::create_directories(file.directory / "empty");
  CHECK(error_of(file.directory / "empty", g) == "no-calibration-data: there is no calibration data in this folder");
  std::string a = npy("<f4", "(2, 2)", raw<float>({1, 2, 3, 4}));
  CHECK(error_of(file("one.npz", npz({{"a", a}}, true)), two) == "calibration-input: it has no array for the model's input 'b', only 'a'");
  CHECK(error_of(file("float.npz", npz({{"a", a}, {"b", npy("<f4", "(2,)", raw<float>({1, 2}))}}, true)), two) ==
        "calibration-type: its numbers are float32, the model's input is int64");
  CHECK(error_of(file("count.npz", npz({{"a", a}, {"b", npy("<i8", "(1,)", raw<int64_t>({1}))}}, true)), two) ==
        "calibration-shape: there are 2 samples for input 'a' and 1 for 'b'");
}

TEST_CASE("Damaged archives are refused, wherever the damage is") {
  DataFiles file;
  Graph g = one_input();
  std::string good = npz({{"x", npy("<f4", "(2, 3)", raw<float>({1, 2, 3, 4, 5, 6}))}}, true);
  for (size_t i = 0; i < good.size(); i++) {
    CHECK(error_of(file("cut.npz", good.substr(0, i)), g) != "none");
    std::string damaged = good;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    write(file.directory / "damaged.npz", damaged);
    try {
      load_calibration(file.directory / "damaged.npz", g);  // dates and versions do not matter
    } catch (const Error& e) {
      CHECK(e.kind == ErrorKind::kUsage);
    }
  }
}

TEST_CASE("Labels: from text and arrays") {
  DataFiles file;
  CHECK(load_labels(file("labels.txt", "3 1\n4\n")) == std::vector<int64_t>{3, 1, 4});
  CHECK(load_labels(file("labels.npy", npy("|u1", "(2,)", raw<uint8_t>({9, 0})))) == std::vector<int64_t>{9, 0});
  auto id = [&](const std::string& content) {
    try {
      load_labels(file("bad.txt", content));
    } catch (const Error& e) {
      return e.message;
    }
    return std::string("none");
  };
  CHECK(id("1 2 cat") == "label 2 is no whole number");
  CHECK(id("-1") == "a label is negative");
  CHECK(id("") == "there are no labels in it");
}
