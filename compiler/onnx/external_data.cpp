// Tensor data in a file beside the model.
#include <charconv>
#include <fstream>

#include "onnx/proto.hpp"

namespace netsuke {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_external(const std::string& name, std::string message, std::string hint) {
  fail("bad-external-data", name, std::move(message), std::move(hint));
}

struct Place {
  std::string file;
  int64_t offset = 0, length = -1;  // bytes; -1: as many as the tensor needs
};

int64_t parse_number(const std::string& text, const std::string& key, const std::string& name) {
  int64_t number = -1;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || number < 0)
    fail_external(name, fmt::format("the {} of its external data is '{}', not a number of bytes", key, printable(text)),
                  "export the model again");
  return number;
}

Place place_of(const onnx::TensorProto& t, const std::string& name) {
  Place p;
  for (const auto& entry : t.external_data()) {
    if (entry.key() == "location") p.file = entry.value();
    if (entry.key() == "offset") p.offset = parse_number(entry.value(), "offset", name);
    if (entry.key() == "length") p.length = parse_number(entry.value(), "length", name);
  }
  return p;
}

// The file's path, symbolic links followed. Nothing outside the model's directory is ever read: a model from
// elsewhere must not be able to pull other files of this machine into the firmware.
fs::path resolve(const std::string& file, const std::string& name, const fs::path& directory) {
  const fs::path base = directory.empty() ? fs::path(".") : directory;
  std::error_code ec;
  fs::path root = fs::weakly_canonical(base, ec);
  fs::path path = is_plain_text(file) ? fs::weakly_canonical(base / file, ec) : fs::path();
  auto [end, other] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  if (ec || file.empty() || end != root.end())
    fail_external(name, fmt::format("its external data is at '{}', which is not below the model's directory", printable(file)),
                  "put the data file beside the model and export with a relative location");
  if (!fs::exists(path, ec))
    fail_external(name, fmt::format("its data file '{}' is missing", file), "copy the data file beside the model");
  if (!fs::is_regular_file(path, ec))
    fail_external(name, fmt::format("'{}' is not a data file", file), "copy the data file beside the model");
  return path;
}

}  // namespace

std::string external_bytes(const onnx::TensorProto& t, int64_t length, const std::string& name,
                           const fs::path& directory) {
  Place p = place_of(t, name);
  fs::path path = resolve(p.file, name, directory);
  if (p.length >= 0 && p.length != length)
    fail_external(name, fmt::format("its external data has {} bytes, its type and shape need {}", p.length, length),
                  "export the model again");
  std::error_code ec;
  auto size = static_cast<int64_t>(fs::file_size(path, ec));
  if (ec || p.offset > size || length > size - p.offset)
    fail_external(name, fmt::format("its external data reaches past the end of '{}'", p.file),
                  "copy the complete data file beside the model");
  std::string bytes(static_cast<size_t>(length), '\0');
  std::ifstream in(path, std::ios::binary);
  in.seekg(p.offset);
  in.read(bytes.data(), length);
  if (!in) fail_external(name, fmt::format("cannot read its data file '{}'", p.file), "check the file's permissions");
  return bytes;
}

}  // namespace netsuke
